"""The part of temporalio that is shared by all clients and workers of a process: its own log, and its metrics.

Without this, temporalio's core writes warnings to standard output, among the results of commands.
"""

from __future__ import annotations

import logging

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from interpreter.temporal.observing.listen_address import explain_refusal, resolve_listen_address
from interpreter.temporal.observing.metrics import HISTOGRAM_BOUNDS

CORE = logging.getLogger("temporalio.core")


def set_up_runtime(metrics_address: str | None = None) -> None:
    """Let Python's logging have the warnings of temporalio's core. Call this before the first connection.

    Args:
        metrics_address: Where to serve metrics as `host:port`; None to have none.

    Raises:
        ListenProblem: this is no such address, or it can't be listened at.
    """
    config = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(CORE, append_target_to_name=False),
    )
    metrics = None if metrics_address is None else prometheus_config(metrics_address)
    try:
        runtime = Runtime(telemetry=TelemetryConfig(logging=config, metrics=metrics))
    except ValueError as error:  # only its text says what is wrong
        why = str(error).removeprefix("Failed starting Prometheus exporter: ").partition(" (os error")[0]
        raise explain_refusal(metrics_address or "", "metrics", why) from None
    Runtime.set_default(runtime)


def prometheus_config(address: str) -> PrometheusConfig:
    """Build the configuration with which the metrics have the names and units that are documented.

    For programs that make a `Runtime` of their own:

        Runtime(telemetry=TelemetryConfig(metrics=prometheus_config("0.0.0.0:9464")))

    Args:
        address: Where to serve `/metrics`, as `host:port`.

    Raises:
        ListenProblem: this is no such address.
    """
    return PrometheusConfig(
        bind_address=str(resolve_listen_address(address, "metrics")),
        counters_total_suffix=True,
        unit_suffix=True,
        durations_as_seconds=True,
        histogram_bucket_overrides=HISTOGRAM_BOUNDS,
    )
