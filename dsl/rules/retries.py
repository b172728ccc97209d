"""Retry policies have names that exist, numbers that fit together, and error types that can match."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Literal, NamedTuple, assert_never

from dsl.definition.alerts import find_alerts
from dsl.definition.bundle import find_definition
from dsl.definition.defaults import overlay
from dsl.definition.walk import Placed, walk
from dsl.model import (
    BlockCompensation,
    BlockStep,
    Call,
    ChildWorkflowAction,
    Definition,
    ForEachStep,
    Pages,
    ParallelStep,
    RaceStep,
    RaiseStep,
    RepeatStep,
    RetryClause,
    RetryPolicy,
    RetryRef,
    ReturnStep,
    SetStep,
    SignalStep,
    SwitchStep,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
    get_child_workflow,
)
from dsl.model.policies import TEMPORAL_INITIAL_INTERVAL
from dsl.problems.names import POLICIES, find_meant, report_unknown
from dsl.problems.problem import Problem
from dsl.scalars.duration import format_duration
from dsl.scalars.error_types import ANY, FINAL, NOT_OF_ACTIVITIES, TIMEOUTS, matches
from dsl.source.map import Path

RETRIED_TIMEOUTS = ("Timeout", "Timeout.Heartbeat", "Timeout.StartToClose")
"""The timeouts after which a policy tries again, so that it makes sense to forbid it."""
UNSEEN = (*RETRIED_TIMEOUTS, "WorkerShutdown")
"""The errors after which no worker is left that could look at a clause."""

By = Literal["activity", "workflow", "block"]
"""Who tries again: the server an activity (with our worker's help) or a workflow, or the run itself a block."""


class _Below(NamedTuple):
    """This policy holds where the policy above it is silent."""

    policy: RetryPolicy
    whose: str
    """Where it stands, for messages."""


NOTHING = _Below(RetryPolicy.model_construct(), "nobody")


class _Use(NamedTuple):
    """A use is a place that has a retry policy, or the name of one."""

    ref: RetryRef
    path: Path
    by: By
    below: _Below = NOTHING


def check_retries(definition: Definition) -> Iterator[Problem]:
    """Check each retry policy with regard to those who use it."""
    used: dict[str, set[By]] = {}
    for use in _find_uses(definition):
        if isinstance(use.ref, RetryPolicy):
            yield from _check_policy(use.ref, use.path, {use.by}, use.below)
            continue
        used.setdefault(find_meant(use.ref, definition.retry_policies), set()).add(use.by)
        if use.ref not in definition.retry_policies:
            yield POLICIES.report_unknown(use.ref, definition.retry_policies, use.path)
    for name, policy in definition.retry_policies.items():
        yield from _check_policy(policy, ("retry_policies", name), used.get(name, set()))
        if name not in used:
            yield POLICIES.report_unused(name, ("retry_policies", name))


def find_policies(definition: Definition) -> Iterator[tuple[RetryPolicy, Path]]:
    """Find all retry policies: those with names, and those that stand where they are used."""
    for name, policy in definition.retry_policies.items():
        yield policy, ("retry_policies", name)
    for use in _find_uses(definition):
        if isinstance(use.ref, RetryPolicy):
            yield use.ref, use.path


def _find_uses(definition: Definition) -> Iterator[_Use]:
    if definition.retry is not None:
        yield _Use(definition.retry, ("retry",), "workflow")
    if definition.defaults.retry is not None:
        yield _Use(definition.defaults.retry, ("defaults", "retry"), "activity")
    if definition.saga.retry is not None:
        yield _Use(definition.saga.retry, ("saga", "retry"), "activity")
    for name, queue in definition.dead_letter_queues.items():
        if queue.retry is not None:
            yield _Use(queue.retry, ("dead_letter_queues", name, "retry"), "activity")
    for alert, path in find_alerts(definition):
        if alert.retry is not None:
            yield _Use(alert.retry, (*path, "retry"), "activity")
    defaults = _resolve_below(definition, definition.defaults.retry, "defaults.retry")
    for placed in walk(definition):
        yield from _find_uses_of_step(definition, placed, defaults)


def _find_uses_of_step(definition: Definition, placed: Placed, defaults: _Below) -> Iterator[_Use]:
    """Find where a step says how it is tried again."""
    step, path = placed.step, (*placed.path, "retry")
    match step:
        case Call():
            if step.retry is not None:
                yield _Use(step.retry, path, "activity", NOTHING if placed.undoes else defaults)
        case ForEachStep():
            if isinstance(step.for_each, Pages) and step.for_each.pages.retry is not None:
                path = (*placed.path, "for_each", "pages", "retry")
                yield _Use(step.for_each.pages.retry, path, "activity", defaults)
        case ChildWorkflowAction():
            if step.retry is not None:
                yield _Use(step.retry, path, "workflow", _resolve_below_child(definition, step))
        case BlockStep() | BlockCompensation():
            if step.retry is not None:
                yield _Use(step.retry, path, "block")
        case ParallelStep() | RaceStep() | SwitchStep() | RepeatStep():
            return
        case WaitStep() | WaitUntilStep() | WaitForStep() | SignalStep():
            return
        case SetStep() | RaiseStep() | ReturnStep():
            return
        case _:
            assert_never(step)


def _resolve_below(definition: Definition, ref: RetryRef | None, whose: str) -> _Below:
    policy = definition.retry_policies.get(ref) if isinstance(ref, str) else ref
    return NOTHING if policy is None else _Below(policy, whose)


def _resolve_below_child(definition: Definition, action: ChildWorkflowAction) -> _Below:
    name = get_child_workflow(action).definition
    child = find_definition(definition, name)
    return NOTHING if child is None else _resolve_below(child, child.retry, f"definitions.{name}.retry")


def _check_policy(policy: RetryPolicy, path: Path, by: set[By], below: _Below = NOTHING) -> Iterator[Problem]:
    yield from _check_intervals(policy, below, path)
    for index, name in enumerate(policy.non_retryable_error_types or ()):
        here = (*path, "non_retryable_error_types", index)
        if name == ANY:
            hint = "write maximum_attempts: 1 instead"
            yield Problem("bad-value", '"Any" would forbid every retry', here, hint=hint)
        else:
            yield from _check_error_type(name, here, by)
    whole = overlay(below.policy, policy)
    for name, clause in policy.by_error.items():
        yield from _check_clause(whole, name, clause, (*path, "by_error", name), by)
    for key in ("jitter", "by_error"):
        if "workflow" in by and key in policy.model_fields_set:
            yield Problem(
                "misplaced-key",
                f"Temporal itself retries workflows, and it does not know {key}",
                (*path, key),
                hint="use the other keys, or put the retry on a block of steps",
                at="key",
            )


def _check_clause(
    policy: RetryPolicy, name: str, clause: RetryClause, path: Path, by: set[By]
) -> Iterator[Problem]:
    if "activity" in by and name in UNSEEN:
        yield Problem(
            "misplaced-key",
            f"after {name} Temporal itself retries an activity, and it does not know by_error",
            path,
            hint="use non_retryable_error_types, or put the retry on a block of steps",
            at="key",
        )
    else:
        yield from (replace(problem, at="key") for problem in _check_error_type(name, path, by))
    if any(wanted != ANY and matches(wanted, name) for wanted in policy.non_retryable_error_types or ()):
        yield Problem(
            "no-effect",
            f'"{name}" is non-retryable, so its clause has no effect',
            path,
            hint="remove the clause, or remove the type from non_retryable_error_types",
            at="key",
        )
    intervals = sorted(clause.model_fields_set - {"delay", "maximum_attempts"})
    if clause.delay is not None and intervals:
        yield Problem(
            "no-effect",
            f"delay is the whole wait, so {intervals[0]} has no effect",
            (*path, intervals[0]),
            hint="use only one of the two",
            at="key",
        )
    else:
        yield from _check_intervals(clause, _Below(policy, "the policy"), path)


def _check_intervals(said: RetryPolicy | RetryClause, below: _Below, path: Path) -> Iterator[Problem]:
    """Report a longest interval that is shorter than the first one.

    temporalio refuses such a policy only when the activity is scheduled. Then the run would hang, and not fail.
    """
    initial = said.initial_interval or below.policy.initial_interval or TEMPORAL_INITIAL_INTERVAL
    longest = said.maximum_interval or below.policy.maximum_interval
    here = [key for key in ("maximum_interval", "initial_interval") if getattr(said, key) is not None]
    if longest is None or longest >= initial or not here:
        return

    def show(key: str, value: timedelta) -> str:
        if key in here:
            return f"{key} ({format_duration(value)})"
        inherited = getattr(below.policy, key) is not None
        return f"{key} ({format_duration(value)}, {f'of {below.whose}' if inherited else 'the default'})"

    yield Problem(
        "bad-value",
        f"{show('maximum_interval', longest)} is shorter than {show('initial_interval', initial)}",
        (*path, here[0]),
        hint="make maximum_interval at least as long"
        if said.maximum_interval is not None
        else "set maximum_interval here, too, and make it at least as long",
    )


def _check_error_type(name: str, path: Path, by: set[By]) -> Iterator[Problem]:
    timeouts = RETRIED_TIMEOUTS if "activity" in by else TIMEOUTS
    if name.startswith("TemporalTimeout"):
        yield Problem(
            "bad-value",
            f'"{name}" is a name of Temporal, not of an error type',
            path,
            hint=f"write {' or '.join(RETRIED_TIMEOUTS)}",
        )
    elif name in FINAL or ("activity" in by and name in NOT_OF_ACTIVITIES):
        yield Problem(
            "bad-value",
            f'"{name}" is never retried',
            path,
            hint="name the types of your own errors; they can be retried",
        )
    elif name.startswith("Timeout.") and name not in timeouts:
        message = f'there is no error type "{name}"'
        yield report_unknown("bad-value", message, name, timeouts, path, hint="timeouts: {known}")
