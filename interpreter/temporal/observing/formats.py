"""How a log is written: as text for people, or as one JSON object for each line.

Both replace the values of secrets in all that they write.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from interpreter.temporal.observing.context import CONTEXT, FIELDS, read_context
from interpreter.temporal.secrets.redaction import redact_shown_text

_OF_A_RECORD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
_OF_TEMPORAL = ("temporal_activity", "temporal_workflow", "temporal_log", "__temporal_error_identifier")
_NOT_SHOWN = {*_OF_A_RECORD, *_OF_TEMPORAL, FIELDS}
_write_json = json.JSONEncoder(default=str, ensure_ascii=False, allow_nan=False).encode
"""`json.dumps` would make an encoder for each line."""


class JsonFormatter(logging.Formatter):
    """Writes each record as one JSON object, in one line.

    `time`, `level`, `logger` and `message` come first, then what the line is about (`definition`, `version`,
    `workflow_id`, `run_id`, `step`, `attempt`), and then whatever else the record brings along.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **dict.fromkeys(CONTEXT),
            **read_context(record),
        }
        for name, value in vars(record).items():
            if name not in _NOT_SHOWN:
                line.setdefault(name, value)
        if record.exc_text:
            line["exception"] = record.exc_text
        elif record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        try:
            written = _write_json(line)
        except (ValueError, TypeError):  # what others log may be a number or a key that JSON does not have
            written = _write_json({name: _make_plain(value) for name, value in line.items()})
        return redact_shown_text(written)


def _make_plain(value: Any) -> str | int | bool | None:
    return value if isinstance(value, str | int | bool | None) else str(value)


class TextFormatter(logging.Formatter):
    """Writes each record as text: its time, level, logger and message, and what it is about in brackets."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Write the line itself; a traceback follows it."""
        context = read_context(record)
        about = " ".join(f"{name}={context[name]}" for name in CONTEXT if context.get(name) is not None)
        line = super().formatMessage(record)
        return f"{line} [{about}]" if about else line

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        return redact_shown_text(super().format(record))
