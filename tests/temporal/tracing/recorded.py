"""What was traced, as a tree that a test can compare with the definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from benchmarks.receiver import receive_traces
from interpreter.temporal.tracing.names import ERROR_TYPE, OUTCOME
from stepfile.opentelemetry import TracePlugin


@dataclass(frozen=True, slots=True)
class Told:
    """What a tree shows of a span."""

    name: str
    trace: int
    id: int
    parent: int | None
    began: int
    attributes: Mapping[str, Any]


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
        """All spans as a tree."""
        return draw_spans(self.spans)


def draw_spans(spans: Sequence[ReadableSpan]) -> list[str]:
    """Draw spans of this process as a tree."""
    return draw_tree(
        [
            Told(
                span.name,
                span.context.trace_id,
                span.context.span_id,
                span.parent.span_id if span.parent is not None else None,
                span.start_time or 0,
                span.attributes or {},
            )
            for span in spans
        ]
    )


@dataclass(slots=True)
class Collector:
    """Keeps what other processes send."""

    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """That of processes which are to send here, and at once."""
    spans: list[Told] = field(default_factory=list[Told])
    services: set[str] = field(default_factory=set[str])

    def take(self, message: bytes) -> None:
        """Keep the spans of one request."""
        for sender in ExportTraceServiceRequest.FromString(message).resource_spans:
            names = [
                each.value.string_value for each in sender.resource.attributes if each.key == "service.name"
            ]
            self.services.update(names)
            for scope in sender.scope_spans:
                self.spans += [_decode(span) for span in scope.spans]

    def tree(self) -> list[str]:
        """All spans as a tree."""
        return draw_tree(self.spans)


@contextmanager
def collect() -> Generator[Collector]:
    """Receive spans for the length of the block."""
    collector = Collector()
    with receive_traces(collector.take) as environment:
        collector.environment = {
            **environment,
            "OTEL_TRACES_EXPORTER": "otlp",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        yield collector


def _decode(span: Any) -> Told:
    return Told(
        span.name,
        int.from_bytes(span.trace_id, "big"),
        int.from_bytes(span.span_id, "big"),
        int.from_bytes(span.parent_span_id, "big") or None,
        span.start_time_unix_nano,
        {each.key: each.value.string_value or each.value.int_value for each in span.attributes},
    )


def draw_tree(spans: Sequence[Told]) -> list[str]:
    """Draw a line for each span, those inside others indented: name, outcome, type of the error.

    Those that begin at the same time are in the order of their names. No span may be there twice; one whose parent is
    not there has a mark.
    """
    twice = [
        name for (name, _), count in Counter((span.name, span.id) for span in spans).items() if count > 1
    ]
    assert not twice
    return [*_draw(spans, {span.id for span in spans}, None, 0)]


def _draw(spans: Sequence[Told], known: set[int], inside: int | None, depth: int) -> Iterator[str]:
    def is_here(span: Told) -> bool:
        return span.parent == inside if inside is not None else span.parent not in known

    for span in sorted(filter(is_here, spans), key=lambda span: (span.began, span.name)):
        told = (span.attributes.get(OUTCOME), span.attributes.get(ERROR_TYPE))
        lost = "LOST PARENT" if inside is None and span.parent is not None else None
        yield "  " * depth + " ".join(str(word) for word in (span.name, *told, lost) if word is not None)
        yield from _draw(spans, known, span.id, depth + 1)
