"""What temporalio says of its own accord, for a command that shows the same in its own way."""

from __future__ import annotations

import logging

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter


def only_errors() -> None:
    """Keep its warnings back: failed attempts, with a traceback each, and what a closing worker missed.

    What activities log themselves is not touched. Call it before the first connection.
    """
    logging.getLogger("temporalio.activity").addFilter(_is_not_a_failed_attempt)
    level = TelemetryFilter(core_level="ERROR", other_level="ERROR")
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=level))))


def _is_not_a_failed_attempt(record: logging.LogRecord) -> bool:
    return getattr(record, "__temporal_error_identifier", None) != "ActivityFailure"
