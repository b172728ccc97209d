"""No span leaves the process before it was redacted, whoever has made it and whatever it tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Event, ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import Status

Redact = Callable[[str], str]
"""Replaces what is secret in a text."""


class RedactingProcessor(SpanProcessor):
    """Hands on each span with its texts redacted; one without a secret is handed on as it is."""

    def __init__(self, inner: SpanProcessor, redact: Redact) -> None:
        """
        Args:
            inner: Gets the spans.
            redact: Returns the same text if nothing in it is secret.
        """
        self._inner, self._redact = inner, redact

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self._inner.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        self._inner.on_end(redact_span(span, self._redact))

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def redact_span(span: ReadableSpan, redact: Redact) -> ReadableSpan:
    """Return the span without secrets: the same object if it has none."""
    name, attributes = redact(span.name), _redact_all(span.attributes or {}, redact)
    description = redact(span.status.description or "")
    events = [(event, _redact_all(event.attributes or {}, redact)) for event in span.events]
    is_clean = (
        name == span.name
        and attributes == (span.attributes or {})
        and description == (span.status.description or "")
        and all(clean == (event.attributes or {}) for event, clean in events)
    )
    if is_clean:
        return span
    return ReadableSpan(
        name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        events=[Event(redact(event.name), clean, event.timestamp) for event, clean in events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code, description or None),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _redact_all(attributes: Mapping[str, Any], redact: Redact) -> dict[str, Any]:
    return {name: _redact_one(value, redact) for name, value in attributes.items()}


def _redact_one(value: Any, redact: Redact) -> Any:
    match value:
        case str():
            return redact(value)
        case tuple() | list():
            return tuple(_redact_one(each, redact) for each in value)
        case _:
            return value
