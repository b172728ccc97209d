"""How what happens in a run is put into words, one line each: in the log of a worker, and in that of one run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias, assert_never

from interpreter.events import (
    BreakerChanged,
    BreakerUnobserved,
    CompensationEnded,
    CompensationStarted,
    DeadLetterWritten,
    Event,
    ItemEnded,
    RetryScheduled,
    RunContinuedAsNew,
    RunEnded,
    RunStarted,
    StartRefused,
    StepEnded,
    StepStarted,
    UndoingEnded,
    UndoingStarted,
)
from interpreter.failure.failure import Failure

Fields: TypeAlias = dict[str, Any]

LONGEST_MESSAGE = 1_000
"""Letters of the message of an error in one line."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a log says of one event, or of what else is worth a line."""

    name: str
    """The name of the event, for programs."""
    text: str
    fields: Fields = field(default_factory=dict[str, Any])


def describe_event(event: Event) -> Line:
    """Put an event into words."""
    match event:
        case RunStarted(attempt):
            again = f", attempt {attempt}" if attempt > 1 else ""
            return Line("run_started", f"run started{again}", {"attempt": attempt})
        case RunContinuedAsNew():
            return Line("run_continued_as_new", "run continues as new")
        case StartRefused(failure):
            return _failed("start_refused", "run refused", failure)
        case RunEnded():
            return _describe_run_end(event)
        case StepStarted():
            started = {"step": event.step.path, "kind": event.kind}
            return Line("step_started", f"step {event.step.path} started", started)
        case StepEnded():
            return _describe_step_end(event)
        case RetryScheduled(step, attempt, wait, failure):
            text = (
                f"attempt {attempt} of {step.path} failed, and the run waits {_say(wait)} before the next one"
            )
            fields: Fields = {"step": step.path, "attempt": attempt, "wait_seconds": wait.total_seconds()}
            return _failed("retry_scheduled", text, failure, fields)
        case ItemEnded(loop, number, failure):
            place = f"{loop.path}[{number}]"
            outcome = "completed" if failure is None else "failed"
            about = {"step": place, "outcome": outcome}
            return _failed("item_ended", f"item {place} {outcome}", failure, about)
        case UndoingStarted() | UndoingEnded() | CompensationStarted() | CompensationEnded():
            return _describe_undoing(event)
        case DeadLetterWritten():
            return _describe_letter(event)
        case BreakerChanged(breaker, state):
            text = f'circuit breaker "{breaker}" is {state.replace("_", " ")}'
            return Line("breaker_changed", text, {"breaker": breaker, "state": state})
        case BreakerUnobserved(step, breaker, queue):
            where = "the task queue of the run" if queue is None else f'task queue "{queue}"'
            text = (
                f'circuit breaker "{breaker}" is not observed: the worker of {step.path} on {where} is no Stepfile '
                "worker, so it asks no breaker"
            )
            return Line("breaker_unobserved", text, {"step": step.path, "breaker": breaker})
        case _:
            assert_never(event)


def describe_failure(failure_type: str, message: str) -> str:
    """Say in one line why something failed."""
    text = f"{failure_type}: {message}".replace("\r", "\\r").replace("\n", "\\n")
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}…"


def _describe_run_end(event: RunEnded) -> Line:
    took = event.ended_at - event.started_at
    fields = {"outcome": event.outcome, "duration_seconds": took.total_seconds()}
    return _failed("run_ended", f"run {event.outcome} after {_say(took)}", event.failure, fields)


def _describe_step_end(event: StepEnded) -> Line:
    took = event.ended_at - event.started_at
    fields = {
        "step": event.step.path,
        "kind": event.kind,
        "outcome": event.outcome,
        "duration_seconds": took.total_seconds(),
        "attempt": event.attempts,
    }
    how = {"caught": "failed, and its error was caught", "dead_lettered": "failed, and its error was kept"}
    tries = f" after {event.attempts} attempts" if event.attempts is not None and event.attempts > 1 else ""
    text = f"step {event.step.path} {how.get(event.outcome, event.outcome)}{tries}"
    return _failed("step_ended", text, event.failure, fields)


def _describe_undoing(
    event: UndoingStarted | UndoingEnded | CompensationStarted | CompensationEnded,
) -> Line:
    match event:
        case UndoingStarted(total):
            return Line("undoing_started", f"undoing begins: {total} to undo", {"total": total})
        case UndoingEnded(undone, not_undone):
            text = f"undoing has ended: {undone} undone, {not_undone} NOT undone"
            counts = {"undone": undone, "not_undone": not_undone}
            return Line("undoing_ended", text, counts)
        case CompensationStarted(step):
            return Line("compensation_started", f"undoing {step.path}", {"step": step.path})
        case CompensationEnded(step, outcome, began, ended, failure):
            fields: Fields = {"step": step.path, "outcome": outcome}
            if outcome == "skipped":
                text = f"NOT undone: {step.path}: one before it was not undone"
                return Line("compensation_ended", text, fields)
            fields["duration_seconds"] = (ended - began).total_seconds()
            text = f"{'undone' if outcome == 'completed' else 'NOT undone'}: {step.path}"
            return _failed("compensation_ended", text, failure, fields)


def _describe_letter(event: DeadLetterWritten) -> Line:
    fields = {"step": event.step.path, "queue": event.queue, "outcome": "lost" if event.lost else "kept"}
    about = f"the dead letter of {event.step.path}"
    if event.lost is None:
        text = f'{about} is kept in "{event.queue}"'
        return _failed("dead_letter_written", text, event.failure, fields)
    why = describe_failure(event.lost.type, event.lost.message)
    text = f'{about} is LOST, "{event.queue}" has not taken it ({why})'
    return _failed("dead_letter_written", text, event.failure, fields)


def _failed(name: str, text: str, failure: Failure | None, fields: Fields | None = None) -> Line:
    fields = dict(fields or {})
    if failure is None:
        return Line(name, text, fields)
    fields["error_type"] = failure.type
    return Line(name, f"{text}: {describe_failure(failure.type, failure.message)}", fields)


def _say(duration: timedelta) -> str:
    return f"{duration.total_seconds():.3f} s"
