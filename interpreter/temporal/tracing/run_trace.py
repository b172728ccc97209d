"""Where the spans of a run belong: in which trace, inside of which span, and which ids they have.

The trace is that of the header that the run was started with; a run without one begins a trace of its own. A run
that continues as new hands its header on unchanged, so all runs of a chain have the same parent and the same ids.
"""

from __future__ import annotations

from contextvars import ContextVar

from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)
from temporalio import workflow

from interpreter.state.position import Position
from interpreter.temporal.tracing.header import read_header
from interpreter.temporal.tracing.ids import compute_span_id, compute_trace_id


class RunTrace:
    """The trace of one run. It is made in the workflow, before its first step."""

    def __init__(self, sampler: Sampler) -> None:
        """
        Args:
            sampler: Decides whether a trace that begins with this run is recorded.
        """
        info = workflow.info()
        self._namespace, self._workflow_id, self._sampler = info.namespace, info.workflow_id, sampler
        self.parent = read_header(info.headers)
        """What the run was started by; a context without a span if nobody has traced that."""
        self._parent_span = get_current_span(self.parent).get_span_context()
        self._own: tuple[int, TraceFlags] | None = None

    def locate(self, position: Position) -> SpanContext:
        """The span of a step, or of the run itself: one that has ended, or will."""
        trace_id, flags = self._find_trace(position)
        span_id = compute_span_id(trace_id, self._workflow_id, position.path, position.began)
        return SpanContext(trace_id, span_id, is_remote=False, trace_flags=flags)

    def enter(self, position: Position | None) -> Context:
        """The context of what happens inside of a step, or of the run itself; without either, the parent."""
        if position is None:
            return self.parent
        return set_span_in_context(NonRecordingSpan(self.locate(position)), self.parent)

    def _find_trace(self, position: Position) -> tuple[int, TraceFlags]:
        if self._parent_span.is_valid:
            return self._parent_span.trace_id, self._parent_span.trace_flags
        if self._own is None:
            while position.outer is not None:
                position = position.outer
            trace_id = compute_trace_id(self._namespace, self._workflow_id, position.began)
            self._own = trace_id, _sample(self._sampler, trace_id)
        return self._own


def _sample(sampler: Sampler, trace_id: int) -> TraceFlags:
    decision = sampler.should_sample(None, trace_id, "run").decision
    return TraceFlags(TraceFlags.SAMPLED if decision is Decision.RECORD_AND_SAMPLE else TraceFlags.DEFAULT)


current_trace: ContextVar[RunTrace | None] = ContextVar("stepfile_run_trace", default=None)
"""That of the run which the task carries out."""
