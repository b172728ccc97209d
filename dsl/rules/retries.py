"""Retry policies: names that exist, numbers that fit together, error types that can match."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from dsl.duration import format_duration
from dsl.error_types import ANY, FINAL, NOT_OF_ACTIVITIES, TIMEOUTS
from dsl.model import (
    BlockCompensation,
    BlockStep,
    Call,
    ChildAction,
    Definition,
    RetryClause,
    RetryPolicy,
    RetryRef,
)
from dsl.problem import Problem
from dsl.source import Path
from dsl.suggest import did_you_mean
from dsl.walk import walk
from dsl.wording import listed

RETRIED_TIMEOUTS = ("Timeout", "Timeout.Heartbeat", "Timeout.StartToClose")
"""The timeouts that a policy would retry, so that it makes sense to forbid it."""
TEMPORAL_DEFAULT_INTERVAL = timedelta(seconds=1)


By = Literal["activity", "workflow", "block"]
"""Who tries again: the server an activity (with our worker's help) or a workflow, or the run itself a block."""


@dataclass(frozen=True, slots=True)
class _Use:
    """A place that has a retry policy, or the name of one."""

    ref: RetryRef
    path: Path
    by: By


def check_retries(definition: Definition) -> Iterator[Problem]:
    used: dict[str, set[By]] = {}
    for use in _uses(definition):
        if isinstance(use.ref, RetryPolicy):
            yield from _policy(use.ref, use.path, {use.by})
        elif use.ref in definition.retry_policies:
            used.setdefault(use.ref, set()).add(use.by)
        else:
            yield _unknown(use.ref, use.path, definition)
    for name, policy in definition.retry_policies.items():
        yield from _policy(policy, ("retry_policies", name), used.get(name, set()))
        if name not in used:
            yield Problem(
                "unused-policy",
                f'no step uses the retry policy "{name}"',
                ("retry_policies", name),
                hint=f"use it with retry: {name}, or remove it",
                severity="warning",
                at="key",
            )


def _uses(definition: Definition) -> Iterator[_Use]:
    if definition.retry is not None:
        yield _Use(definition.retry, ("retry",), "workflow")
    if definition.defaults.retry is not None:
        yield _Use(definition.defaults.retry, ("defaults", "retry"), "activity")
    if definition.saga.retry is not None:
        yield _Use(definition.saga.retry, ("saga", "retry"), "activity")
    for name, queue in definition.dead_letter_queues.items():
        if queue.retry is not None:
            yield _Use(queue.retry, ("dead_letter_queues", name, "retry"), "activity")
    for placed in walk(definition):
        path = (*placed.path, "retry")
        match placed.step:
            case Call(retry=ref) if ref is not None:
                yield _Use(ref, path, "activity")
            case ChildAction(retry=ref) if ref is not None:
                yield _Use(ref, path, "workflow")
            case BlockStep(retry=ref) | BlockCompensation(retry=ref) if ref is not None:
                yield _Use(ref, path, "block")


def _unknown(name: str, path: Path, definition: Definition) -> Problem:
    known = definition.retry_policies
    suggestion = did_you_mean(name, known)
    return Problem(
        "unknown-policy",
        f'there is no retry policy "{name}"{f"; {suggestion}" if suggestion else ""}',
        path,
        hint=f"defined in retry_policies: {listed(known) or 'none'}",
    )


def _policy(policy: RetryPolicy, path: Path, by: set[By]) -> Iterator[Problem]:
    initial = policy.initial_interval or TEMPORAL_DEFAULT_INTERVAL
    if policy.maximum_interval is not None and policy.maximum_interval < initial:
        yield Problem(
            "bad-value",
            f"maximum_interval ({format_duration(policy.maximum_interval)}) is shorter than "
            f"initial_interval ({format_duration(initial)}{'' if policy.initial_interval else ', the default'})",
            (*path, "maximum_interval"),
            hint="make maximum_interval at least as long",
        )
    for index, name in enumerate(policy.non_retryable_error_types or ()):
        here = (*path, "non_retryable_error_types", index)
        if name == ANY:
            hint = "write maximum_attempts: 1 instead"
            yield Problem("bad-value", '"Any" would forbid every retry', here, hint=hint)
        else:
            yield from _error_type(name, here, by)
    for name, clause in policy.by_error.items():
        yield from _clause(policy, name, clause, (*path, "by_error", name), by)
    for key in ("jitter", "by_error"):
        if "workflow" in by and key in policy.model_fields_set:
            yield Problem(
                "misplaced-key",
                f"Temporal repeats workflows by itself, and knows no {key}",
                (*path, key),
                hint="use the other keys, or put the retry on a block of steps",
                at="key",
            )


def _clause(
    policy: RetryPolicy, name: str, clause: RetryClause, path: Path, by: set[By]
) -> Iterator[Problem]:
    if "activity" in by and name in RETRIED_TIMEOUTS:
        yield Problem(
            "misplaced-key",
            f"Temporal repeats an activity after {name} by itself, and looks at no clause",
            path,
            hint="write it into non_retryable_error_types, or put the retry on a block of steps",
            at="key",
        )
    else:
        yield from (replace(problem, at="key") for problem in _error_type(name, path, by))
    if name in (policy.non_retryable_error_types or ()):
        yield Problem(
            "no-effect",
            f'"{name}" is non-retryable, so its clause has no effect',
            path,
            hint="remove it here or from non_retryable_error_types",
            at="key",
        )
    intervals = sorted(clause.model_fields_set - {"delay", "maximum_attempts"})
    if clause.delay is not None and intervals:
        yield Problem(
            "no-effect",
            f"delay is the whole wait, so {intervals[0]} has no effect",
            (*path, intervals[0]),
            hint="use either of them",
            at="key",
        )


def _error_type(name: str, path: Path, by: set[By]) -> Iterator[Problem]:
    timeouts = RETRIED_TIMEOUTS if "activity" in by else TIMEOUTS
    if name.startswith("TemporalTimeout"):
        yield Problem(
            "bad-value",
            f'"{name}" is the server\'s own name',
            path,
            hint=f"write {' or '.join(RETRIED_TIMEOUTS)}",
        )
    elif name in FINAL or ("activity" in by and name in NOT_OF_ACTIVITIES):
        yield Problem(
            "bad-value",
            f'"{name}" is never retried',
            path,
            hint="what is retried, and so can stand here, are the types of your own errors",
        )
    elif name.startswith("Timeout.") and name not in timeouts:
        suggestion = did_you_mean(name, timeouts)
        yield Problem(
            "bad-value",
            f'there is no error type "{name}"{f"; {suggestion}" if suggestion else ""}',
            path,
            hint=f"timeouts: {listed(timeouts)}",
        )
