"""Where the logs of a process go: those of Stepfile, of temporalio, and of the code of activities."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Literal, TextIO, get_args

from temporalio import activity, workflow

from interpreter.temporal.observing.context import read_context
from interpreter.temporal.observing.failed_attempts import ACTIVITIES, is_failed_attempt
from interpreter.temporal.observing.formats import JsonFormatter, TextFormatter
from interpreter.temporal.observing.run_log import RUNS
from interpreter.temporal.observing.runtime import CORE
from interpreter.temporal.secrets.redaction import redact_shown_text

LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]

TALKATIVE = ("temporalio", "httpx", "httpcore", "asyncio")
"""Loggers that write payloads, headers or other contents of no use to the reader at the level `debug`."""


def configure_logging(
    format: LogFormat = "text", level: LogLevel = "info", *, stream: TextIO | None = None
) -> None:
    """Let Python's logging write what happens in runs, with the fields that say which run, step and attempt it is.

    This replaces the handlers of the root logger. Who wants others gives them a `JsonFormatter` or a `TextFormatter`.

    Args:
        format: `text` for people, or `json` for one JSON object in each line.
        level: The lowest level that is written. At `debug` every step is logged, and each failed attempt of an
            activity has its traceback. temporalio and httpx stay at `info`, because they would write payloads.
        stream: Where to; without it, standard error.

    Raises:
        ValueError: the format or the level is none of these.
    """
    if format not in get_args(LogFormat):
        raise ValueError(f'there is no log format "{format}"; there is: {", ".join(get_args(LogFormat))}')
    if level not in get_args(LogLevel):
        raise ValueError(f'there is no log level "{level}"; there is: {", ".join(get_args(LogLevel))}')
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=number, handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(number, logging.INFO))
    activity.logger.activity_info_on_message = False  # a dictionary at the end of every message
    workflow.logger.workflow_info_on_message = False


def silence_warnings() -> None:
    """Suppress what the command shows itself: each failed attempt, and what happens in the run.

    A worker that shuts down does not tell, either. What activities log themselves is not suppressed.
    """
    CORE.setLevel(logging.ERROR)
    ACTIVITIES.addFilter(_is_not_a_failed_attempt)
    RUNS.disabled = True


def show_activity_logs(write: Callable[[str], object]) -> None:
    """Show what this process logs from INFO on, such as by `activity.logger.info`, with the step that it comes from.

    Args:
        write: Writes one line; it is called from the threads of activities, too.
    """
    activity.logger.activity_info_on_message = False  # a dictionary at the end of every message
    activity.logger.activity_info_on_extra = True
    logging.getLogger("temporalio").setLevel(logging.WARNING)
    ACTIVITIES.setLevel(logging.INFO)
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[_LineHandler(write)])


class _LineHandler(logging.Handler):
    """A `_LineHandler` hands on each record as one text, whatever has become of standard error meanwhile."""

    def __init__(self, write: Callable[[str], object]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        where = read_context(record).get("step") or record.name
        try:
            self._write(redact_shown_text(f"{where}: {record.levelname}: {self.format(record)}"))
        except Exception:  # arguments that do not fit the text must not fail the activity that logs
            self.handleError(record)


def _is_not_a_failed_attempt(record: logging.LogRecord) -> bool:
    return not is_failed_attempt(record)
