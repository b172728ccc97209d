"""What a process writes into its log shows no value of a secret, whoever writes it."""

from __future__ import annotations

import logging
from typing import Any

from interpreter.temporal.secrets.redaction import knows_secrets, redact_text

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
        if knows_secrets():
            _redact(record)
        return record

    make_record.redacts_secrets = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_record)


def _redact(record: logging.LogRecord) -> None:
    try:
        message = record.getMessage()
    except Exception:  # arguments that do not fit the text: whoever formats the record reports it
        message = f"{record.msg} {record.args}"
    redacted = redact_text(message)
    if redacted is not message:
        record.msg, record.args = redacted, None
    if record.exc_info and record.exc_info[1] is not None:
        trace = _FORMATTER.formatException(record.exc_info)
        redacted = redact_text(trace)
        if redacted is not trace:
            # the formatters of logging print the text; the exception itself would be printed with the value
            record.exc_info, record.exc_text = None, redacted
    if record.stack_info:
        record.stack_info = redact_text(record.stack_info)
