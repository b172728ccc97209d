"""What a circuit breaker does to the time and the retries of a step is what its writer expects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dsl.definition.defaults import (
    resolve_activity_retry,
    resolve_activity_timeouts,
    resolve_circuit_breaker,
)
from dsl.definition.walk import walk
from dsl.model import ActivityStep, BreakerReference, CircuitBreaker, Definition, HttpStep
from dsl.problems.problem import Problem
from dsl.scalars.duration import format_duration
from dsl.source.map import Path


def check_breaker_waits(definition: Definition) -> Iterator[Problem]:
    """Warn of a wait that can never end in time, and of retries that a breaker ends."""
    for placed in walk(definition):
        step = placed.step
        if placed.undoes is not None or not isinstance(step, ActivityStep | HttpStep):
            continue
        ref = resolve_circuit_breaker(definition, step)
        breaker = definition.circuit_breakers.get(ref.name) if ref is not None else None
        if ref is None or breaker is None:
            continue
        path = placed.path if step.circuit_breaker is None else (*placed.path, "circuit_breaker")
        try:
            yield from _check_wait(definition, step, ref, breaker, path)
            yield from _check_retries(definition, step, ref, path)
        except KeyError:  # `dsl.rules.retries` reports that there is no such policy
            continue


def _check_wait(
    definition: Definition,
    step: ActivityStep | HttpStep,
    ref: BreakerReference,
    breaker: CircuitBreaker,
    path: Path,
) -> Iterator[Problem]:
    timeouts = resolve_activity_timeouts(definition, step.timeouts)
    limits: dict[str, timedelta | None] = {
        "deadline": timeouts.deadline,
        "schedule_to_close": timeouts.schedule_to_close,
    }
    open_for = breaker.wait_duration_in_open_state
    for name, limit in limits.items():
        if ref.on_open == "wait" and limit is not None and limit <= open_for:
            yield Problem(
                "waits-too-long",
                f'the circuit breaker "{ref.name}" stays open for {format_duration(open_for)}, and the {name} of the '
                f"step is {format_duration(limit)}, so the step can't wait until the breaker lets it through",
                path,
                hint=f"make the {name} longer, or write on_open: fail",
                severity="warning",
                at="key",
            )
            return


def _check_retries(
    definition: Definition, step: ActivityStep | HttpStep, ref: BreakerReference, path: Path
) -> Iterator[Problem]:
    policy = resolve_activity_retry(definition, step.retry)
    caught = any(
        {"CircuitBreakerOpen", "Any"} & set(clause.errors) or not clause.errors for clause in step.catch
    )
    timeouts = resolve_activity_timeouts(definition, step.timeouts)
    limited = policy.maximum_attempts is not None or timeouts.schedule_to_close is not None
    if ref.on_open == "fail" and not limited and not caught:
        yield Problem(
            "retries-cut-short",
            "the step is retried without limit, but it fails as soon as the circuit breaker "
            f'"{ref.name}" is open',
            path,
            hint="write on_open: wait, catch CircuitBreakerOpen, or set retry.maximum_attempts; maximum_attempts: 0 "
            "says that this is meant",
            severity="warning",
            at="key",
        )
