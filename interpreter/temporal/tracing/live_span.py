"""A span for the length of a block, outside of workflows."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager

from opentelemetry.trace import Span, SpanKind, get_tracer

from interpreter.temporal.tracing.names import SCOPE


@contextmanager
def live_span(name: str, kind: SpanKind, attributes: Mapping[str, str | int]) -> Generator[Span]:
    """Make a span that is current inside the block. What is raised there is left to the block."""
    tracer = get_tracer(SCOPE)
    with tracer.start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
    ) as span:
        yield span
