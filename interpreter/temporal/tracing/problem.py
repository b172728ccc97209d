"""What can be wrong with the configuration of traces, and the switch: no OpenTelemetry is needed to say so."""

from __future__ import annotations

from interpreter.temporal.problem import TemporalProblem

EXPORTER = "OTEL_TRACES_EXPORTER"
"""The environment variable that switches traces on, by naming where they are sent."""


class TracesProblem(TemporalProblem):
    """Traces are asked for, and can't be made."""
