"""The warnings of temporalio go to Python's logging, or are suppressed.

Without this, temporalio's core writes warnings to standard output, among the results of commands.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from temporalio import activity
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from interpreter.program.paths import step_of_activity
from interpreter.temporal.observing.run_log import RUNS

CORE = logging.getLogger("temporalio.core")
ACTIVITIES = logging.getLogger("temporalio.activity")


def forward_to_logging() -> None:
    """Let Python's logging have the warnings of temporalio's core. Call this before the first connection."""
    config = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(CORE, append_target_to_name=False),
    )
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=config)))


def silence_warnings() -> None:
    """Suppress what the command shows itself: each failed attempt, with a traceback, and what happens in the run.

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
        info: dict[str, Any] | None = getattr(record, "temporal_activity", None)
        where = step_of_activity(info["activity_id"]) if info is not None else record.name
        try:
            self._write(f"{where}: {record.levelname}: {self.format(record)}")
        except Exception:  # arguments that do not fit the text must not fail the activity that logs
            self.handleError(record)


def _is_not_a_failed_attempt(record: logging.LogRecord) -> bool:
    return getattr(record, "__temporal_error_identifier", None) != "ActivityFailure"
