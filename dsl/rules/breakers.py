"""Each circuit breaker that a step names exists, and has settings by which it can open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dsl.definition.walk import walk
from dsl.model import (
    BreakerReference,
    CircuitBreaker,
    CircuitBreakerRef,
    Definition,
    ServiceStep,
    SlidingWindow,
)
from dsl.problems.names import BREAKERS, find_meant
from dsl.problems.problem import Problem
from dsl.source.map import Path

RATES = ("failure_rate_threshold", "slow_call_rate_threshold")
OF_RATES = ("sliding_window", "minimum_number_of_calls")


def check_breakers(definition: Definition) -> Iterator[Problem]:
    """Check the references to circuit breakers, and the settings of each."""
    used: set[str] = set()
    for ref, path in _find_references(definition):
        name, where = (ref.name, (*path, "name")) if isinstance(ref, BreakerReference) else (ref, path)
        used.add(find_meant(name, definition.circuit_breakers))
        if name not in definition.circuit_breakers:
            yield BREAKERS.report_unknown(name, definition.circuit_breakers, where)
        elif isinstance(ref, BreakerReference):
            yield from _check_key(ref, definition.circuit_breakers[name], path)
    yield from _check_compensations(definition)
    for name, breaker in definition.circuit_breakers.items():
        path = ("circuit_breakers", name)
        yield from _check_opening(breaker, path)
        yield from _check_rates(breaker, path)
        yield from _check_window(breaker, path)
        yield from _check_error_types(breaker, path)
        if name not in used:
            yield BREAKERS.report_unused(name, path)


def _find_references(definition: Definition) -> Iterator[tuple[CircuitBreakerRef, Path]]:
    if definition.defaults.circuit_breaker is not None:
        yield definition.defaults.circuit_breaker, ("defaults", "circuit_breaker")
    for placed in walk(definition):
        if isinstance(placed.step, ServiceStep) and placed.step.circuit_breaker is not None:
            yield placed.step.circuit_breaker, (*placed.path, "circuit_breaker")


def _check_compensations(definition: Definition) -> Iterator[Problem]:
    """Refuse a breaker in a compensation: nothing may keep it from trying until it succeeds."""
    for placed in walk(definition):
        guarded = isinstance(placed.step, ServiceStep) and placed.step.circuit_breaker is not None
        if guarded and placed.undoes is not None:
            yield Problem(
                "misplaced-key",
                "a step of a compensation can't have a circuit breaker: it must be tried until it succeeds",
                (*placed.path, "circuit_breaker"),
                hint="remove it; a retry policy with a long maximum_interval spares the service",
                at="key",
            )


def _check_key(ref: BreakerReference, breaker: CircuitBreaker, path: Path) -> Iterator[Problem]:
    """Refuse a key where there is only one run to guard."""
    if ref.key_ is not None and breaker.scope == "workflow":
        yield Problem(
            "misplaced-key",
            f'the circuit breaker "{ref.name}" belongs to one run (scope: workflow), and can\'t have keys',
            (*path, "key"),
            hint="remove the key, or write scope: shared",
            at="key",
        )


def _check_opening(breaker: CircuitBreaker, path: Path) -> Iterator[Problem]:
    rates = any(getattr(breaker, rate) is not None for rate in RATES)
    if not rates and breaker.failure_threshold is None:
        yield Problem(
            "never-opens",
            "this circuit breaker has no threshold",
            path,
            hint="give it failure_threshold: 5 (failures in a row), or failure_rate_threshold: 50 (percent)",
            at="key",
        )
    for name in OF_RATES:
        if not rates and getattr(breaker, name) is not None:
            yield Problem(
                "no-effect",
                f"{name} has no effect: no rate is set",
                (*path, name),
                hint=f"remove it, or set {' or '.join(RATES)}",
                severity="warning",
                at="key",
            )


def _check_rates(breaker: CircuitBreaker, path: Path) -> Iterator[Problem]:
    if breaker.slow_call_rate_threshold is not None and breaker.slow_call_duration_threshold is None:
        yield Problem(
            "never-opens",
            "nothing says which calls are slow",
            (*path, "slow_call_rate_threshold"),
            hint="add slow_call_duration_threshold: 10s",
            at="key",
        )
    if breaker.slow_call_duration_threshold is not None and breaker.slow_call_rate_threshold is None:
        yield Problem(
            "no-effect",
            "slow_call_duration_threshold has no effect without slow_call_rate_threshold",
            (*path, "slow_call_duration_threshold"),
            hint="add slow_call_rate_threshold: 100, or remove it",
            severity="warning",
            at="key",
        )


def _check_window(breaker: CircuitBreaker, path: Path) -> Iterator[Problem]:
    window, least = breaker.sliding_window or SlidingWindow(), breaker.minimum_number_of_calls
    match window.type, window.size:
        case "time", int():
            wrong = "a window of time", "write a duration, for example 60s"
        case "count", timedelta():
            wrong = "a window of calls", "write a number of calls, or type: time"
        case "count", int() as size if least is not None and least > size:
            yield Problem(
                "never-opens",
                f"minimum_number_of_calls ({least}) is more than the window can hold ({size})",
                (*path, "minimum_number_of_calls"),
                hint="make the window larger, or the minimum smaller",
            )
            return
        case _:
            return
    yield Problem(
        "bad-value", f"this can't be the size of {wrong[0]}", (*path, "sliding_window", "size"), hint=wrong[1]
    )


def _check_error_types(breaker: CircuitBreaker, path: Path) -> Iterator[Problem]:
    for index, name in enumerate(breaker.ignore_error_types):
        if name == "Any":
            yield Problem(
                "never-opens",
                "a circuit breaker that ignores every error never sees a failure",
                (*path, "ignore_error_types", index),
                hint="name only the errors that say nothing about the health of the service",
            )
    for index, name in enumerate(breaker.record_error_types):
        if name in breaker.ignore_error_types:
            yield Problem(
                "no-effect",
                f'"{name}" is in ignore_error_types, too, so it is not recorded',
                (*path, "record_error_types", index),
                hint="remove one of the two",
                severity="warning",
            )
