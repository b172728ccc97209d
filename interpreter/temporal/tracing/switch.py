"""Whether the commands of this process trace: OpenTelemetry's own environment variables say so."""

from __future__ import annotations

import os
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING

from interpreter.temporal.tracing.problem import EXPORTER, TracesProblem

if TYPE_CHECKING:
    from interpreter.temporal.tracing.plugin import TracePlugin

FLUSH_TIMEOUT = 5.0
"""How many seconds a command waits at its end until its spans are sent."""


def is_tracing_configured() -> bool:
    """Whether `OTEL_TRACES_EXPORTER` names an exporter, and `OTEL_SDK_DISABLED` does not switch all off."""
    names = {name.strip() for name in os.environ.get(EXPORTER, "").split(",")}
    return bool(names - {"", "none"}) and os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() != "true"


@cache
def load_trace_plugins() -> tuple[TracePlugin, ...]:
    """Return what the clients of this process shall have: one plugin if traces are configured, or none.

    Raises:
        TracesProblem: OpenTelemetry is not installed, or the variables name no exporter.
    """
    if not is_tracing_configured():
        return ()
    try:
        from interpreter.temporal.tracing.plugin import TracePlugin
    except ImportError as error:
        raise TracesProblem(
            f"{EXPORTER} asks for traces, and OpenTelemetry is not installed: {error}",
            f"pip install 'stepfile[otel]', or set {EXPORTER}=none",
        ) from None
    return (TracePlugin(),)


def flush_traces() -> bool:
    """Send the spans that have ended; true unless that takes longer than it may."""
    plugins = load_trace_plugins() if load_trace_plugins.cache_info().currsize else ()
    if not plugins:
        return True
    flushing = Thread(target=plugins[0].flush, daemon=True)
    flushing.start()
    flushing.join(FLUSH_TIMEOUT)
    return not flushing.is_alive()
