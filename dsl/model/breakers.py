"""Circuit breakers are described in resilience4j's words."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag
from pydantic_core import PydanticCustomError, PydanticKnownError

from dsl.model.model import Model, key
from dsl.model.values import (
    Many,
    Maybe,
    Name,
    NameOfItem,
    PositiveDuration,
    Word,
    build_number_or_text_schema,
    read_by,
    refuse_too_long,
)
from dsl.scalars.duration import POSITIVE_PATTERN, parse_duration

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
    return refuse_too_long(size)


def _check_number_of_calls(number: int) -> int:
    if number < 1:
        raise PydanticKnownError("greater_than_equal", {"ge": 1})
    if number > MOST_CALLS:
        raise PydanticKnownError("less_than_equal", {"le": MOST_CALLS})
    return number


WINDOW_SIZE = "a number of calls (100) or a duration (60s)"
WindowSize = Annotated[
    int | timedelta,
    read_by(_read_window_size),
    build_number_or_text_schema(1, MOST_CALLS, POSITIVE_PATTERN, WINDOW_SIZE),
]
"""A number of calls, or a duration."""


class SlidingWindow(Model):
    """Say from which calls a rate is computed: the last ones (`count`), or those of a period of time (`time`)."""

    noun = "a sliding window"

    type: Literal["count", "time"] = key(
        "What the window holds: a number of calls (`count`), or the calls of a period of time (`time`).",
        example="count",
        default="count",
    )
    size: Maybe[WindowSize] = key(
        "The size of the window: a number of calls for `count`, a duration for `time`. The default is that of "
        "resilience4j: 100 calls or 100 seconds.",
        example=100,
        default=None,
    )


class CircuitBreaker(Model):
    """Stop calling a service that fails, and try it again later."""

    noun = "a circuit breaker"

    scope: Literal["shared", "workflow"] = key(
        "Whose calls the breaker counts. `shared` counts the calls of all runs and all workers of a namespace: every "
        "definition that names the breaker has the same one. `workflow` counts the calls of one run.",
        example="workflow",
        default="shared",
    )
    failure_threshold: Maybe[Count] = key(
        "The breaker opens after this many failures in a row. It can be combined with the rates.",
        example=5,
        default=None,
    )
    failure_rate_threshold: Maybe[RateThreshold] = key(
        "The breaker opens when at least this percentage of the calls in the window has failed.",
        example=50,
        default=None,
    )
    slow_call_duration_threshold: Maybe[PositiveDuration] = key(
        "A call that takes longer than this is slow.", example="10s", default=None
    )
    slow_call_rate_threshold: Maybe[RateThreshold] = key(
        "The breaker opens when at least this percentage of the calls in the window was slow.",
        example=100,
        default=None,
    )
    sliding_window: Maybe[SlidingWindow] = key(
        "The calls from which the rates are computed.", example={"type": "count", "size": 100}, default=None
    )
    minimum_number_of_calls: Maybe[Count] = key(
        "The rates are ignored until the window holds this many calls. The default is that of resilience4j: 100, or "
        "the size of a window of calls if that is smaller.",
        example=20,
        default=None,
    )
    wait_duration_in_open_state: PositiveDuration = key(
        "How long the breaker stays open and lets no call through.", example="60s"
    )
    permitted_number_of_calls_in_half_open_state: Count = key(
        "How many calls may be under way at the same time while the breaker is half open.",
        example=1,
        default=1,
    )
    half_open_success_threshold: Count = key(
        "How many successes in a row close the half-open breaker again.", example=2, default=1
    )
    ignore_error_types: Many[Word] = key(
        "Error types that count as neither success nor failure.", example=["ValidationError"], default=()
    )
    record_error_types: Many[Word] = key(
        "Error types that count as failures although they are non-retryable. Any other non-retryable error is taken "
        "for the answer of a healthy service, and counts as neither success nor failure.",
        example=["PaymentsDown"],
        default=(),
    )


OnOpen = Literal["fail", "wait"]


class BreakerReference(Model):
    """Say which breaker guards a step, and what happens while it is open."""

    noun = '"circuit_breaker"'

    name: Name = key("The name of a breaker in `circuit_breakers`.", example="payments")
    key_: Maybe[NameOfItem] = key(
        "Expression that yields the key of the breaker: text or a whole number, for example a host, a region or a "
        "tenant. There is one breaker for each key, and all have the same settings. Only for `scope: shared`.",
        example="${ input.region }",
        default=None,
        alias="key",
    )
    on_open: OnOpen = key(
        "What the step does while the breaker is open: `fail` with `CircuitBreakerOpen`, or `wait` until the "
        "breaker may let a call through.",
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
