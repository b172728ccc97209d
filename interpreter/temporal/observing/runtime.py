"""The part of temporalio that is shared by all clients and workers of a process: its own log, and its metrics.

Without this, temporalio's core writes warnings to standard output, among the results of commands.
"""

from __future__ import annotations

import logging
import socket
from ipaddress import ip_address

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from interpreter.temporal.observing.metrics import HISTOGRAM_BOUNDS
from interpreter.temporal.problem import TemporalProblem

CORE = logging.getLogger("temporalio.core")


class MetricsProblem(TemporalProblem):
    """The metrics can't be served."""


def set_up_runtime(metrics_address: str | None = None) -> None:
    """Let Python's logging have the warnings of temporalio's core. Call this before the first connection.

    Args:
        metrics_address: Where to serve metrics as `host:port`; None to have none.

    Raises:
        MetricsProblem: this is no such address, or it can't be listened at.
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
        raise MetricsProblem(
            f"can't serve metrics at {metrics_address}: {why}",
            "another program, or another worker, may listen at this port; each process needs a port of its own",
        ) from None
    Runtime.set_default(runtime)


def prometheus_config(address: str) -> PrometheusConfig:
    """Build the configuration with which the metrics have the names and units that are documented.

    For programs that make a `Runtime` of their own:

        Runtime(telemetry=TelemetryConfig(metrics=prometheus_config("0.0.0.0:9464")))

    Args:
        address: Where to serve `/metrics`, as `host:port`.

    Raises:
        MetricsProblem: this is no such address.
    """
    return PrometheusConfig(
        bind_address=_resolve(address),
        counters_total_suffix=True,
        unit_suffix=True,
        durations_as_seconds=True,
        histogram_bucket_overrides=HISTOGRAM_BOUNDS,
    )


def _resolve(address: str) -> str:
    """Make an IP address and a port of a name and a port: temporalio takes no names."""
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise MetricsProblem(
            f'"{address}" is no address to serve metrics at',
            "HOST:PORT is expected, such as 127.0.0.1:9464, or 0.0.0.0:9464 for all networks of this machine",
        )
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0][4][0]
    except (OSError, UnicodeError) as error:
        raise MetricsProblem(
            f'can\'t serve metrics at "{address}": {error}', "this is no name of this machine"
        ) from None
    ip = ip_address(str(found))
    return f"[{ip}]:{port}" if ip.version == 6 else f"{ip}:{port}"
