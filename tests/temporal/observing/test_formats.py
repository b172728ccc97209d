"""A log of JSON is one object in each line, a log of text is for people, and both hide what is secret."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from interpreter.temporal.observing.context import CONTEXT
from interpreter.temporal.secrets.redaction import forget_secrets, learn_secret
from stepfile import JsonFormatter, TextFormatter, configure_logging

ABOUT = {
    "definition": "trip",
    "version": None,
    "workflow_id": "w1",
    "run_id": "r1",
    "step": "car",
    "attempt": 2,
}


@pytest.fixture
def _no_secrets() -> Iterator[None]:
    yield
    forget_secrets()


@pytest.fixture
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in ("temporalio", "httpx", "httpcore", "asyncio")}
    yield
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_json_has_all_fields_in_one_line() -> None:
    written = JsonFormatter().format(
        _record("it's %s\n%d", "café", 5, stepfile={**ABOUT, "event": "x"}, order=7, thing={1})
    )
    assert "\n" not in written
    line = json.loads(written)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "warning",
        "logger": "shop",
        "message": "it's café\n5",
        **ABOUT,
        "event": "x",
        "order": 7,
        "thing": "{1}",
    }
    assert list(line)[3:9] == list(CONTEXT)


def test_json_of_a_line_about_nothing_has_the_same_fields() -> None:
    line = json.loads(JsonFormatter().format(_record("hello")))
    assert {name: line[name] for name in CONTEXT} == dict.fromkeys(CONTEXT)


def test_a_traceback_is_a_field() -> None:
    try:
        raise ValueError("no")
    except ValueError:
        record = _record("it failed")
        record.exc_info = sys.exc_info()
    assert "\n" not in (written := JsonFormatter().format(record))
    assert json.loads(written)["exception"].endswith("ValueError: no")


def test_what_is_no_number_of_json_is_text() -> None:
    line = json.loads(JsonFormatter().format(_record("x", ratio=float("nan"))), parse_constant=pytest.fail)
    assert line["ratio"] == "nan"


def test_text_says_in_brackets_what_it_is_about() -> None:
    text = TextFormatter().format(_record("hello", stepfile=ABOUT))
    assert text.endswith(" WARNING shop: hello [definition=trip workflow_id=w1 run_id=r1 step=car attempt=2]")
    assert TextFormatter().format(_record("hello")).endswith(" WARNING shop: hello")


@pytest.mark.usefixtures("_no_secrets")
@pytest.mark.parametrize("formatter", [JsonFormatter(), TextFormatter()])
def test_secrets_are_replaced_everywhere(formatter: logging.Formatter) -> None:
    learn_secret("TOKEN", 'tok"en-4711')
    try:
        raise ValueError('bad: tok"en-4711')
    except ValueError:
        record = _record('with tok"en-4711', header={"Authorization": 'Bearer tok"en-4711'})
        record.exc_info = sys.exc_info()
    written = formatter.format(record)
    assert "4711" not in written
    assert "[secret TOKEN]" in written


@pytest.mark.usefixtures("_logging_as_before")
def test_debug_is_for_ours_and_the_users_loggers() -> None:
    stream = StringIO()
    configure_logging("json", "debug", stream=stream)
    for name in ("stepfile.run", "shop", "temporalio.worker", "httpx", "httpcore.http11"):
        logging.getLogger(name).debug("details")
        logging.getLogger(name).info("news")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["logger"] for line in lines if line["level"] == "debug"] == ["stepfile.run", "shop"]
    assert len([line for line in lines if line["level"] == "info"]) == 5


@pytest.mark.usefixtures("_logging_as_before")
def test_the_level_is_the_lowest_that_is_written() -> None:
    stream = StringIO()
    configure_logging("text", "error", stream=stream)
    for logger in (logging.getLogger("stepfile.run"), logging.getLogger("temporalio.activity")):
        logger.warning("hm")
        logger.error("oh")
    assert [line.rsplit(" ", 1)[1] for line in stream.getvalue().splitlines()] == ["oh", "oh"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "xml"}, 'there is no log format "xml"; there is: text, json'),
        ({"level": "loud"}, 'there is no log level "loud"; there is: debug, info, warning, error'),
    ],
)
def test_other_words_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        configure_logging(**arguments)


def _record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("shop", logging.WARNING, __file__, 1, message, arguments, None)
    vars(record).update(extra)
    return record
