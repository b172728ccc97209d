"""What a process logs shows no value, whoever writes it and whoever formats it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from interpreter.temporal.secrets.logs import redact_logs
from interpreter.temporal.secrets.redaction import learn_secret

VALUE = "hunter-2-hunter"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    factory, written = logging.getLogRecordFactory(), io.StringIO()
    redact_logs()
    handler = logging.StreamHandler(written)
    logger = logging.getLogger("of.a.library")
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)
    logging.setLogRecordFactory(factory)


def test_messages_and_tracebacks_are_redacted(log: io.StringIO) -> None:
    logger = logging.getLogger("of.a.library")
    learn_secret("TOKEN", VALUE)
    logger.warning("with %s and %r", VALUE, {"a": VALUE})
    logger.warning(f"inside {VALUE}!")
    try:
        raise ValueError(f"no {VALUE}")
    except ValueError:
        logger.exception("failed")
    logger.warning("where %s", "x", stack_info=True)
    logger.warning("%s and %s", "arguments that do not fit: " + VALUE)
    text = log.getvalue()
    assert "with [secret TOKEN] and {'a': '[secret TOKEN]'}" in text
    assert "inside [secret TOKEN]!" in text
    assert "ValueError: no [secret TOKEN]" in text
    assert "Traceback (most recent call last)" in text
    assert VALUE not in text


def test_a_record_without_a_value_is_left_alone(log: io.StringIO) -> None:
    seen: list[logging.LogRecord] = []

    class Collecting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record)

    logger, handler = logging.getLogger("of.a.library"), Collecting()
    logger.addHandler(handler)
    for known in (False, True):
        if known:
            learn_secret("TOKEN", VALUE)
        try:
            raise ValueError("harmless")
        except ValueError:
            logger.exception("what is %s", "meant")
    logger.removeHandler(handler)
    for record in seen:
        assert (record.msg, record.args) == ("what is %s", ("meant",))
        assert record.exc_info is not None


def test_it_is_done_once(log: io.StringIO) -> None:
    factory = logging.getLogRecordFactory()
    redact_logs()
    assert logging.getLogRecordFactory() is factory


def test_a_short_value_is_warned_of_without_being_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    learn_secret("PIN", "12345")
    learn_secret("PIN", "12345")
    assert caplog.messages == [
        "secret PIN has less than 6 characters: it is replaced only where it is a whole text"
    ]
