"""Temporal wants to know how long an activity may take. Without that the run would hang, and not fail."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.alerts import find_alerts
from dsl.definition.defaults import resolve_activity_timeouts
from dsl.definition.walk import find_calls, has_something_to_undo
from dsl.expressions import Template
from dsl.model import ActivityTimeouts, Definition, HttpAction, PagingCall
from dsl.problems.problem import Problem
from dsl.rules.heartbeats import check_heartbeat
from dsl.scalars.duration import format_duration
from dsl.source.map import Path


def check_timeouts(definition: Definition) -> Iterator[Problem]:
    """Check that activities have timeouts, and that timeouts fit together."""
    yield from _check_deadlines(definition)
    for call, path in find_calls(definition):
        timeouts = resolve_activity_timeouts(definition, call.timeouts)
        yield from _check_present(timeouts, (*path, call.kind))
        if isinstance(call.task_queue, Template):
            yield from _check_taken(timeouts, (*path, "task_queue"))
        if call.timeouts is not None:
            yield from _check_order(timeouts, call.timeouts, (*path, "timeouts"))
        if isinstance(call, HttpAction):  # the built-in activity sends heartbeats
            yield from check_heartbeat(definition, call, path)
    defaults = definition.defaults.timeouts
    if defaults is not None:
        yield from _check_order(defaults, defaults, ("defaults", "timeouts"))
    for name, queue in definition.dead_letter_queues.items():
        if queue.timeouts is not None:
            timeouts = resolve_activity_timeouts(definition, queue.timeouts)
            yield from _check_order(timeouts, queue.timeouts, ("dead_letter_queues", name, "timeouts"))
    for alert, path in find_alerts(definition):
        if alert.timeouts is not None:
            timeouts = resolve_activity_timeouts(definition, alert.timeouts)
            yield from _check_order(timeouts, alert.timeouts, (*path, "timeouts"))
    yield from _check_workflow(definition)


def _check_deadlines(definition: Definition) -> Iterator[Problem]:
    """Refuse deadlines of anything but a step or the run."""
    defaults = definition.defaults.timeouts
    if defaults is not None and defaults.deadline is not None:
        hint = "put it on the step it is meant for, or on the run: timeouts.deadline"
        yield _report_deadline("a deadline can't be a default", ("defaults", "timeouts"), hint)
    for name, queue in definition.dead_letter_queues.items():
        if queue.timeouts is not None and queue.timeouts.deadline is not None:
            message = "the write of a dead letter can't have a deadline: no letter may be lost"
            hint = "leave it out; retry.maximum_attempts bounds the write"
            yield _report_deadline(message, ("dead_letter_queues", name, "timeouts"), hint)
    for call, path in find_calls(definition):
        if isinstance(call, PagingCall) and call.timeouts is not None and call.timeouts.deadline is not None:
            hint = "put it on the for_each, or bound the call by schedule_to_close"
            yield _report_deadline("the call for a page can't have a deadline", (*path, "timeouts"), hint)


def _report_deadline(message: str, path: Path, hint: str) -> Problem:
    return Problem("bad-value", message, (*path, "deadline"), hint=hint, at="key")


def _check_present(timeouts: ActivityTimeouts, path: Path) -> Iterator[Problem]:
    if timeouts.start_to_close is not None:
        return
    if timeouts.schedule_to_close is None:
        yield Problem(
            "missing-timeout",
            "this activity has no timeout",
            path,
            hint="give it timeouts: {start_to_close: 30s}, or set defaults.timeouts.start_to_close for all",
            at="key",
        )
    else:
        yield Problem(
            "no-start-to-close",
            "without start_to_close a lost worker is noticed only when schedule_to_close is over",
            path,
            hint="add timeouts.start_to_close: the longest time of one attempt",
            severity="warning",
            at="key",
        )


def _check_taken(timeouts: ActivityTimeouts, path: Path) -> Iterator[Problem]:
    if not (timeouts.schedule_to_start or timeouts.schedule_to_close or timeouts.deadline):
        yield Problem(
            "no-schedule-to-start",
            "if the worker of this queue is gone, nobody takes the task, and the step never ends",
            path,
            hint="add timeouts.schedule_to_start: the longest time until that worker takes it",
            severity="warning",
            at="key",
        )


def _check_order(timeouts: ActivityTimeouts, own: ActivityTimeouts, path: Path) -> Iterator[Problem]:
    """Warn of a shorter timeout around a longer one: the longer one never has an effect.

    Args:
        timeouts: All that hold for the call.
        own: Those of them that stand at `path`. What others say among themselves is reported there.
        path: The place of `timeouts`.
    """
    for inner, outer in (
        ("heartbeat", "start_to_close"),
        ("start_to_close", "schedule_to_close"),
        ("schedule_to_start", "schedule_to_close"),
        ("start_to_close", "deadline"),
        ("schedule_to_close", "deadline"),
    ):
        short, long = getattr(timeouts, outer), getattr(timeouts, inner)
        if short is None or long is None or not {inner, outer} & own.model_fields_set:
            continue
        if long > short or (inner == "heartbeat" and long == short):
            relation = "longer than" if long > short else "as long as"
            yield Problem(
                "timeout-order",
                f"{inner} ({format_duration(long)}) is {relation} {outer} ({format_duration(short)}), "
                "which ends it first",
                path,
                hint=f"make {inner} shorter or {outer} longer",
                severity="warning",
                at="key",
            )


def _check_workflow(definition: Definition) -> Iterator[Problem]:
    timeouts = definition.timeouts
    for name in ("execution", "run"):
        if getattr(timeouts, name) is None or not has_something_to_undo(definition):
            continue
        yield Problem(
            "no-compensation",
            f"when the {name} timeout ends the run, the server compensates nothing",
            ("timeouts", name),
            hint="use timeouts.deadline, which cancels the run and compensates",
            severity="warning",
            at="key",
        )
