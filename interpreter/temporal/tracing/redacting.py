"""No span leaves the process before it was redacted, whoever has made it and whatever it tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Event, ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import Status

from interpreter.temporal.secrets.redaction import hides_from_people, redact_shown_text, redact_shown_value


class RedactingProcessor(SpanProcessor):
    """Hands on each span without the secrets that this process has filled in."""

    def __init__(self, inner: SpanProcessor) -> None:
        """
        Args:
            inner: Gets the spans.
        """
        self._inner = inner

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self._inner.on_start(span, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        self._inner.on_end(_redact_span(span) if hides_from_people() else span)

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def _redact_span(span: ReadableSpan) -> ReadableSpan:
    description = span.status.description
    return ReadableSpan(
        redact_shown_text(span.name),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_redact_attributes(span.attributes),
        events=[
            Event(redact_shown_text(event.name), _redact_attributes(event.attributes), event.timestamp)
            for event in span.events
        ],
        links=span.links,
        kind=span.kind,
        status=Status(
            span.status.status_code, None if description is None else redact_shown_text(description)
        ),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _redact_attributes(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: _redact_attribute(value) for name, value in (attributes or {}).items()}


def _redact_attribute(value: Sequence[Any] | str | float) -> Any:
    return redact_shown_value(
        list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
    )
