"""Where the spans of a run belong: in which trace, and which ids they have.

The trace is that of the header that the run was started with; a run without one begins a trace of its own. A run
that continues as new hands its header on unchanged, so all runs of a chain have the same parent and the same ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from opentelemetry.context import Context, get_current
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
from interpreter.temporal.tracing.ids import compute_span_id, compute_trace_id


@dataclass(frozen=True, slots=True)
class RunContext:
    """The trace of one run."""

    base: Context
    """What the run was started with; its span is the parent of the run, if there is one."""
    trace_id: int
    flags: TraceFlags
    workflow_id: str

    @staticmethod
    def find(sampler: Sampler, position: Position) -> RunContext:
        """Find the trace of the run that this workflow task belongs to.

        Args:
            sampler: Decides whether a trace that begins here is recorded.
            position: Any position inside of the run.
        """
        base, info = get_current(), workflow.info()
        parent = get_current_span(base).get_span_context()
        if parent.is_valid:
            return RunContext(base, parent.trace_id, parent.trace_flags, info.workflow_id)
        while position.outer is not None:
            position = position.outer
        trace_id = compute_trace_id(info.namespace, info.workflow_id, position.began)
        return RunContext(base, trace_id, _sample(sampler, trace_id), info.workflow_id)

    def enter(self, position: Position) -> Context:
        """The context of what happens inside of a step, or of the run itself."""
        span = SpanContext(self.trace_id, self.get_span_id(position), is_remote=False, trace_flags=self.flags)
        return set_span_in_context(NonRecordingSpan(span), self.base)

    def get_span_id(self, position: Position) -> int:
        """The id of the span of a step, or of the run itself."""
        return compute_span_id(self.trace_id, self.workflow_id, position.path, position.began)


@lru_cache(maxsize=1_000)
def _sample(sampler: Sampler, trace_id: int) -> TraceFlags:
    decision = sampler.should_sample(None, trace_id, "run").decision
    return TraceFlags(TraceFlags.SAMPLED if decision is Decision.RECORD_AND_SAMPLE else TraceFlags.DEFAULT)
