"""Circuit breakers are described in resilience4j's words."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError, PydanticKnownError

from dsl.model.model import Model, key
from dsl.model.values import Many, Maybe, Name, PositiveDuration, Word, read_by
from dsl.scalars.duration import EXAMPLES, POSITIVE_PATTERN, parse_duration

MOST_CALLS = 10_000
"""A window holds no more calls, because it is part of a run's state, which must stay small enough to be sent."""

Count = Annotated[int, Field(ge=1, le=MOST_CALLS)]
RateThreshold = Annotated[float, Field(ge=0.01, le=100, allow_inf_nan=False)]
"""A share of calls, in percent."""


def _read_window_size(data: Any) -> int | timedelta:
    if isinstance(data, int) and not isinstance(data, bool):
        return _check_number_of_calls(data)
    try:
        size = parse_duration(data) if isinstance(data, str) else None
    except ValueError:
        size = None
    if not size:
        raise PydanticCustomError("window_size", "")
    return size


def _check_number_of_calls(number: int) -> int:
    if number < 1:
        raise PydanticKnownError("greater_than_equal", {"ge": 1})
    if number > MOST_CALLS:
        raise PydanticKnownError("less_than_equal", {"le": MOST_CALLS})
    return number


WindowSize = Annotated[
    int | timedelta,
    read_by(_read_window_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MOST_CALLS},
                {"type": "string", "pattern": POSITIVE_PATTERN, "examples": list(EXAMPLES)},
            ]
        }
    ),
]
"""A number of calls, or a duration."""


class SlidingWindow(Model):
    """Say which calls a rate is taken over: the last `size` calls, or the calls of the last `size` of time."""

    noun = "a sliding window"

    type: Literal["count", "time"] = key("What the window holds.", example="count", default="count")
    size: Maybe[WindowSize] = key(
        "Calls for `count`, a duration for `time`. resilience4j's default: 100 calls or 100 seconds.",
        example=100,
        default=None,
    )


class CircuitBreaker(Model):
    """Stop calling a service that fails, and try it again later."""

    noun = "a circuit breaker"

    scope: Literal["shared", "workflow"] = key(
        "Whose calls it counts: those of `workflow` are of one run only. `shared` (all workflows and workers) is "
        "not available yet.",
        example="workflow",
        default="shared",
    )
    failure_threshold: Maybe[Count] = key(
        "Opens after so many failures in a row, also beside rates.", example=5, default=None
    )
    failure_rate_threshold: Maybe[RateThreshold] = key(
        "Opens when at least this percentage of the calls in the window has failed.", example=50, default=None
    )
    slow_call_duration_threshold: Maybe[PositiveDuration] = key(
        "A call that takes longer is slow.", example="10s", default=None
    )
    slow_call_rate_threshold: Maybe[RateThreshold] = key(
        "Opens when at least this percentage of the calls in the window was slow.", example=100, default=None
    )
    sliding_window: Maybe[SlidingWindow] = key(
        "What the rates are taken over.", example={"type": "count", "size": 100}, default=None
    )
    minimum_number_of_calls: Maybe[Count] = key(
        "No rate is looked at before the window holds so many calls. resilience4j's default: 100, or as many as a "
        "window of calls can hold.",
        example=20,
        default=None,
    )
    wait_duration_in_open_state: PositiveDuration = key("How long nothing is let through.", example="60s")
    permitted_number_of_calls_in_half_open_state: Count = key(
        "How many calls may be on their way at once while it is half open.", example=1, default=1
    )
    half_open_success_threshold: Count = key("Successes in a row that close it again.", example=2, default=1)
    ignore_error_types: Many[Word] = key(
        "Error types that count as neither success nor failure.", example=["ValidationError"], default=()
    )
    record_error_types: Many[Word] = key(
        "Error types that count as failures although they are non-retryable; other such errors are taken for an "
        "answer of the service, and count as neither.",
        example=["PaymentsDown"],
        default=(),
    )


OnOpen = Literal["fail", "wait"]


class BreakerReference(Model):
    """Say which breaker guards a step, and what happens while it is open."""

    noun = '"circuit_breaker"'

    name: Name = key("A breaker of `circuit_breakers`.", example="payments")
    on_open: OnOpen = key(
        "`fail` with `CircuitBreakerOpen`, or `wait` until the breaker may let a call through.",
        example="wait",
        default="fail",
    )


def _form(data: Any) -> str:
    return "kind:breaker name" if isinstance(data, str) else "kind:breaker"


CircuitBreakerRef = Annotated[
    Annotated[Name, Tag("kind:breaker name")] | Annotated[BreakerReference, Tag("kind:breaker")],
    Discriminator(_form),
]
"""The name of a breaker, or its name and what happens while it is open."""
