"""What temporalio says of its own accord, and where.

Left alone, its core writes warnings to standard output, among the results of commands.
"""

from __future__ import annotations

import logging

from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

CORE = logging.getLogger("temporalio.core")
ACTIVITIES = logging.getLogger("temporalio.activity")


def forward_to_logging() -> None:
    """Hand the core's warnings to Python's logging. Call it before the first connection."""
    config = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(CORE, append_target_to_name=False),
    )
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=config)))


def silence_warnings() -> None:
    """Keep its warnings back: failed attempts, with a traceback each, and what a closing worker missed.

    What activities log themselves is not touched.
    """
    CORE.setLevel(logging.ERROR)
    ACTIVITIES.addFilter(_is_not_a_failed_attempt)


def _is_not_a_failed_attempt(record: logging.LogRecord) -> bool:
    return getattr(record, "__temporal_error_identifier", None) != "ActivityFailure"
