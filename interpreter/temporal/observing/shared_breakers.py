"""Logs and counts what a worker sees of shared circuit breakers."""

from __future__ import annotations

import logging
from logging import INFO, WARNING

from temporalio.client import Client

from dsl.problems.snippet import make_printable
from interpreter.shared_breaker.view import SharedState
from interpreter.temporal.observing.context import FIELDS
from interpreter.temporal.observing.meter import find_meter
from interpreter.temporal.observing.metrics import MetricLimits
from interpreter.temporal.wire.breaker_events import (
    BreakerListener,
    CallEvent,
    NotReached,
    ReachedAgain,
    SharedBreakerEvent,
    StateSeen,
)
from interpreter.wording import Line

BREAKERS = logging.getLogger("stepfile.breakers")
"""What this worker sees of shared circuit breakers."""


def observe_breakers(client: Client, limits: MetricLimits) -> BreakerListener:
    """Make what logs and counts what a worker sees of shared breakers.

    Args:
        client: The client of the worker. If its `Runtime` has metrics, they get those of Stepfile, too.
        limits: How many breakers metrics name.
    """
    meter = find_meter(client, limits)
    if meter is None:
        return log_breaker_event

    def log_and_count(breaker: str, event: SharedBreakerEvent) -> None:
        log_breaker_event(breaker, event)
        meter.count_breaker_event(breaker, event)

    return log_and_count


def log_breaker_event(breaker: str, event: SharedBreakerEvent) -> None:
    """Write the line of an event, if it has one."""
    if isinstance(event, CallEvent) or (isinstance(event, NotReached) and not event.was_reached):
        return
    line = describe_breaker_event(breaker, event)
    about = {"event": line.name, **line.fields}
    BREAKERS.log(choose_breaker_level(event), "%s", make_printable(line.text), extra={FIELDS: about})


def choose_breaker_level(event: StateSeen | NotReached | ReachedAgain) -> int:
    """The level of an event: a warning is for somebody to know."""
    if isinstance(event, StateSeen):
        return WARNING if event.state in (SharedState.OPEN, SharedState.FORCED_OPEN) else INFO
    return WARNING


def describe_breaker_event(breaker: str, event: StateSeen | NotReached | ReachedAgain) -> Line:
    """Put an event into words."""
    match event:
        case StateSeen(key, state, cause, by):
            of_key = f" ({key})" if key else ""
            why = f": {cause}" if cause else ""
            ordered = f", by {by}" if by else ""
            text = f'circuit breaker "{breaker}"{of_key} is {state.value.replace("_", " ")} now{why}{ordered}'
            fields = {"breaker": breaker, "key": key or None, "state": state.value, "cause": cause, "by": by}
            return Line("breaker_changed", text, fields)
        case NotReached(cause):
            text = (
                f'circuit breaker "{breaker}" can\'t be reached, so it lets all calls through that it does not know '
                f"to be unwelcome: {cause}"
            )
            return Line("breaker_unreachable", text, {"breaker": breaker, "cause": cause})
        case ReachedAgain():
            text = f'circuit breaker "{breaker}" can be reached again'
            return Line("breaker_reached_again", text, {"breaker": breaker})
