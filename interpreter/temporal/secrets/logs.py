"""What a process writes into its log shows no value of a secret, whoever writes it."""

from __future__ import annotations

import logging
from typing import Any

from temporalio.exceptions import ApplicationError

from interpreter.temporal.secrets.redaction import hides_from_people, redact_shown_text

_FORMATTER = logging.Formatter()


def redact_logs() -> None:
    """Replace the values of secrets in all records that are made from now on, tracebacks included.

    What is replaced are the message and the traceback. Other attributes, which programs add to records by `extra`,
    are left to those who write them.
    """
    inner = logging.getLogRecordFactory()
    if getattr(inner, "redacts_secrets", False):
        return

    def make_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = inner(*args, **kwargs)
        if hides_from_people():
            _redact(record)
        return record

    make_record.redacts_secrets = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_record)


def _redact(record: logging.LogRecord) -> None:
    try:
        message = record.getMessage()
    except Exception:  # arguments that do not fit the text: whoever formats the record reports it
        message = f"{record.msg} {record.args}"
    redacted = redact_shown_text(message)
    if redacted is not message:
        record.msg, record.args = redacted, None
    if record.exc_info and record.exc_info[1] is not None:
        trace = _FORMATTER.formatException(record.exc_info)
        redacted = redact_shown_text(trace)
        if redacted is not trace:
            # the formatters of logging print the text; the exception itself would be printed with the value
            record.exc_info, record.exc_text = _make_stand_in(record.exc_info[1]), redacted
    if record.stack_info:
        record.stack_info = redact_shown_text(record.stack_info)


def _make_stand_in(error: BaseException) -> tuple[type[ApplicationError], ApplicationError, None] | None:
    """Make what filters and handlers of others may still ask: of the error of an attempt its type and message."""
    if not isinstance(error, ApplicationError):
        return None
    stand_in = ApplicationError(
        redact_shown_text(error.message),
        type=error.type,
        non_retryable=error.non_retryable,
        next_retry_delay=error.next_retry_delay,
    )
    return ApplicationError, stand_in, None
