"""A span for the length of a block, outside of workflows."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import Token
from types import TracebackType

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, Tracer, set_span_in_context


class LiveSpan:
    """Makes a span that is current inside the block. What is raised there is left to the block.

    OpenTelemetry's own context manager is made of several generators, and takes twice as long.
    """

    __slots__ = ("_context", "_span", "_token")

    def __init__(
        self,
        tracer: Tracer,
        name: str,
        kind: SpanKind,
        attributes: Mapping[str, str | int],
        context: Context | None = None,
    ) -> None:
        """
        Args:
            tracer: Makes the span.
            name: Of the span.
            kind: Of the span.
            attributes: What it tells at its beginning.
            context: What it is a part of; without it, what is current.
        """
        self._context = context
        self._span = tracer.start_span(name, context, kind, attributes)
        self._token: Token[Context] | None = None

    def __enter__(self) -> Span:
        self._token = attach(set_span_in_context(self._span, self._context))
        return self._span

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        assert self._token is not None
        detach(self._token)
        self._span.end()
