"""What was traced, as a tree that a test can compare with the definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from interpreter.temporal.tracing.names import ERROR_TYPE, OUTCOME
from stepfile.opentelemetry import TracePlugin


class Recorder:
    """Keeps all spans of a plugin in memory."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.plugin = TracePlugin(SimpleSpanProcessor(self._exporter))

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """All spans that have ended so far."""
        return self._exporter.get_finished_spans()

    def find(self, name: str) -> ReadableSpan:
        """The only span with a name."""
        [span] = [span for span in self.spans if span.name == name]
        return span

    def tree(self) -> list[str]:
        """All spans as lines, those inside others indented: name, outcome, type of the error.

        Those that begin at the same time are in the order of their names.
        """
        return tree(self.spans)


def tree(spans: Sequence[ReadableSpan]) -> list[str]:
    """See `Recorder.tree`. A span whose parent was not recorded has a mark."""
    assert_each_once(spans)
    known = {span.context.span_id for span in spans}
    return [*_draw(spans, known, None, 0)]


def assert_each_once(spans: Sequence[ReadableSpan]) -> None:
    """No span was told twice."""
    twice = [
        name for (name, _), count in Counter((s.name, s.context.span_id) for s in spans).items() if count > 1
    ]
    assert not twice


def _draw(spans: Sequence[ReadableSpan], known: set[int], inside: int | None, depth: int) -> Iterator[str]:
    def is_here(span: ReadableSpan) -> bool:
        parent = span.parent.span_id if span.parent is not None else None
        return parent == inside if inside is not None else parent not in known

    for span in sorted(filter(is_here, spans), key=lambda span: (span.start_time or 0, span.name)):
        attributes = span.attributes or {}
        told = (attributes.get(OUTCOME), attributes.get(ERROR_TYPE))
        lost = "LOST PARENT" if inside is None and span.parent is not None else None
        yield "  " * depth + " ".join(str(word) for word in (span.name, *told, lost) if word is not None)
        yield from _draw(spans, known, span.context.span_id, depth + 1)
