"""The warnings of temporalio go to Python's logging, or are suppressed.

Without this, temporalio's core writes warnings to standard output, among the results of commands.
"""

from __future__ import annotations

import logging

from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from interpreter.effects import ABOUT_UNDOING

CORE = logging.getLogger("temporalio.core")
ACTIVITIES = logging.getLogger("temporalio.activity")
WORKFLOWS = logging.getLogger("temporalio.workflow")


def forward_to_logging() -> None:
    """Let Python's logging have the warnings of temporalio's core. Call this before the first connection."""
    config = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(CORE, append_target_to_name=False),
    )
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=config)))


def silence_warnings() -> None:
    """Suppress what the command shows itself: each failed attempt, with a traceback, and what could not be undone.

    A worker that shuts down does not tell, either. What activities log themselves is not suppressed.
    """
    CORE.setLevel(logging.ERROR)
    ACTIVITIES.addFilter(_is_not_a_failed_attempt)
    WORKFLOWS.addFilter(lambda record: not hasattr(record, ABOUT_UNDOING))


def _is_not_a_failed_attempt(record: logging.LogRecord) -> bool:
    return getattr(record, "__temporal_error_identifier", None) != "ActivityFailure"
