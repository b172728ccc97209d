"""The spans of runs, steps and compensations, made of what happens in a run (`interpreter.events`).

A span is made when what it is about has ended, and is complete then. So nothing is kept while a step goes on, nothing
is made on replay, and a step can end on another worker, or in another run of the chain, than it has begun on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, Tracer
from temporalio import workflow

from interpreter.events import CompensationEnded, Event, RunEnded, StartRefused, StepEnded
from interpreter.failure.failure import Failure
from interpreter.state.position import Position, current_position
from interpreter.temporal.tracing.errors import describe_error
from interpreter.temporal.tracing.ids import GivenIds
from interpreter.temporal.tracing.names import (
    ATTEMPTS,
    DEFINITION,
    KIND,
    OUTCOME,
    RUN_ID,
    STEP,
    VERSION,
    WORKFLOW_ID,
)
from interpreter.temporal.tracing.run_trace import current_trace
from interpreter.temporal.wire.listening import ObservedRun


@dataclass(frozen=True, slots=True)
class _Ended:
    """What a span tells."""

    name: str
    began: datetime
    ended: datetime
    outcome: str
    failure: Failure | None
    attributes: Mapping[str, str | int]


class RunSpans:
    """Makes the spans of the runs of a worker."""

    def __init__(self, tracer: Tracer, ids: GivenIds) -> None:
        """
        Args:
            tracer: Makes the spans, with the ids that `ids` hands out.
            ids: Its ids.
        """
        self._tracer, self._ids = tracer, ids

    def listen(self, run: ObservedRun, event: Event) -> None:
        """Make the span of what has ended, if it has one. This is called in the task that has carried it out."""
        ended, trace = _describe(event, run), current_trace.get()
        if ended is None or trace is None:
            return
        position = current_position.get() or Position("", ended.began, None)
        span = trace.locate(position)
        if not span.trace_flags.sampled:
            return
        self._ids.give(span.trace_id, span.span_id)
        kind = SpanKind.INTERNAL if position.path else SpanKind.SERVER
        self._make_span(run, ended, trace.enter(position.outer), kind)

    def _make_span(self, run: ObservedRun, ended: _Ended, outer: Context, kind: SpanKind) -> None:
        attributes = {
            WORKFLOW_ID: run.workflow_id,
            RUN_ID: run.run_id,
            DEFINITION: run.definition,
            OUTCOME: ended.outcome,
            **ended.attributes,
        }
        if run.version is not None:
            attributes[VERSION] = run.version
        span = self._tracer.start_span(
            ended.name, outer, kind, attributes, start_time=_to_nanoseconds(ended.began)
        )
        if ended.failure is not None:
            describe_error(span, ended.failure.type, ended.failure.message)
        span.end(_to_nanoseconds(ended.ended))


def _describe(event: Event, run: ObservedRun) -> _Ended | None:
    match event:
        case StepEnded(step, kind, outcome, began, ended, attempts, failure):
            attributes = {STEP: step.path, KIND: kind} | ({} if attempts is None else {ATTEMPTS: attempts})
            return _Ended(step.name, began, ended, outcome, failure, attributes)
        case CompensationEnded(step, outcome, began, ended, failure) if outcome != "skipped" or failure:
            return _Ended(f"undo {step.name}", began, ended, outcome, failure, {STEP: step.path})
        case RunEnded(outcome, began, ended, failure):
            return _Ended(f"run {run.definition}", began, ended, outcome, failure, {})
        case StartRefused(failure):
            now = workflow.now()
            return _Ended(f"run {run.definition}", now, now, "failed", failure, {})
        case _:
            return None


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def _to_nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND * 1_000
