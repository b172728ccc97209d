"""Retry policies: names that exist, numbers that fit together, error types that can match."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dsl.duration import format_duration
from dsl.model import Definition, RetryPolicy, RetryRef
from dsl.problem import Problem
from dsl.source import Path
from dsl.suggest import did_you_mean
from dsl.walk import activities, children
from dsl.wording import listed

RETRIED_TIMEOUTS = ("Timeout", "Timeout.Heartbeat", "Timeout.StartToClose")
"""The timeouts that a policy would retry, so that it makes sense to forbid it."""
OTHER_BUILT_IN_TYPES = (
    "Any",
    "ChildWorkflowFailed",
    "CircuitBreakerOpen",
    "DeadlineExceeded",
    "ExpressionError",
    "IterationLimitExceeded",
    "Timeout.ScheduleToClose",
    "Timeout.ScheduleToStart",
    "Timeout.WaitFor",
    "TooLarge",
)
TEMPORAL_DEFAULT_INTERVAL = timedelta(seconds=1)


def check_retries(definition: Definition) -> Iterator[Problem]:
    used: set[str] = set()
    for ref, path in _references(definition):
        if isinstance(ref, RetryPolicy):
            yield from _policy(ref, path)
        elif ref in definition.retry_policies:
            used.add(ref)
        else:
            yield _unknown(ref, path, definition)
    for name, policy in definition.retry_policies.items():
        yield from _policy(policy, ("retry_policies", name))
        if name not in used:
            yield Problem(
                "unused-policy",
                f'no step uses the retry policy "{name}"',
                ("retry_policies", name),
                hint=f"use it with retry: {name}, or remove it",
                severity="warning",
                at="key",
            )


def _references(definition: Definition) -> Iterator[tuple[RetryRef, Path]]:
    owners: list[tuple[RetryRef | None, Path]] = [
        (definition.retry, ("retry",)),
        (definition.defaults.retry, ("defaults", "retry")),
        (definition.saga.retry, ("saga", "retry")),
    ]
    owners += ((action.retry, (*path, "retry")) for action, path in activities(definition))
    owners += ((action.retry, (*path, "retry")) for action, path in children(definition))
    yield from ((ref, path) for ref, path in owners if ref is not None)


def _unknown(name: str, path: Path, definition: Definition) -> Problem:
    known = definition.retry_policies
    suggestion = did_you_mean(name, known)
    return Problem(
        "unknown-policy",
        f'there is no retry policy "{name}"{f"; {suggestion}" if suggestion else ""}',
        path,
        hint=f"defined in retry_policies: {listed(known) or 'none'}",
    )


def _policy(policy: RetryPolicy, path: Path) -> Iterator[Problem]:
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
        yield from _error_type(name, (*path, "non_retryable_error_types", index))


def _error_type(name: str, path: Path) -> Iterator[Problem]:
    if name.startswith("TemporalTimeout"):
        yield Problem(
            "bad-value",
            f'"{name}" is the server\'s own name',
            path,
            hint=f"write {' or '.join(RETRIED_TIMEOUTS)}",
        )
    elif name == "Any":
        yield Problem(
            "bad-value", '"Any" would forbid every retry', path, hint="write maximum_attempts: 1 instead"
        )
    elif name in OTHER_BUILT_IN_TYPES:
        yield Problem(
            "bad-value",
            f'"{name}" is never retried, so it can\'t be excluded',
            path,
            hint=f"retried, and so allowed here: {listed(RETRIED_TIMEOUTS)}, and the types of your own errors",
        )
    elif name.startswith("Timeout.") and name not in RETRIED_TIMEOUTS:
        suggestion = did_you_mean(name, RETRIED_TIMEOUTS)
        yield Problem(
            "bad-value",
            f'there is no error type "{name}"{f"; {suggestion}" if suggestion else ""}',
            path,
            hint=f"timeouts: {listed(RETRIED_TIMEOUTS)}",
        )
