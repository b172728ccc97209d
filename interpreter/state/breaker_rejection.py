"""What a worker tells a run of an attempt that a shared circuit breaker has not let through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dsl.scalars.duration import format_duration, parse_duration
from dsl.scalars.json_value import JsonValue
from interpreter.effects import BreakerCall
from interpreter.failure.failure import Failure
from interpreter.state.breaker import CIRCUIT_BREAKER_OPEN

SHORTEST_PERIOD = timedelta(seconds=5)
"""Steps that nobody wakes come back within an open period, or within this time if that is longer."""

LONGEST_WAIT, LONGEST_WAIT_FACTOR = timedelta(minutes=10), 20
"""A step that is to be woken asks again by itself after this time, or after so many open periods if that is longer.
Up to half of it is added, so that not all come together."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """An attempt was not made."""

    state: str
    """That of the breaker, as people know it."""
    retry_after: timedelta
    """When the breaker may let a call through, at the earliest."""
    within: timedelta
    """When the step asks again if nobody wakes it."""

    @staticmethod
    def plan(
        call: BreakerCall, state: str, retry_after: timedelta | None, *, queued: bool, random: float
    ) -> Rejection:
        """Say when the step comes back.

        Args:
            call: What the run has said of the breaker.
            state: That of the breaker.
            retry_after: When the breaker may let a call through, as far as is known.
            queued: Whether the breaker will wake the step.
            random: From 0 to 1.
        """
        period = call.settings.wait_duration_in_open_state
        earliest = retry_after if retry_after is not None else period
        if queued:
            patience = max(LONGEST_WAIT, period * LONGEST_WAIT_FACTOR) * (1 + random / 2)
        else:
            patience = max(period, SHORTEST_PERIOD) * random
        return Rejection(state, earliest, earliest + patience)

    def to_details(self, call: BreakerCall) -> dict[str, JsonValue]:
        """The details of the error that the worker sends."""
        return {**self.describe(call), "within": format_duration(self.within)}

    def describe(self, call: BreakerCall) -> dict[str, JsonValue]:
        """The details of the error that people see."""
        return {
            "breaker": call.name,
            **({"key": call.key} if call.key else {}),
            "state": self.state,
            "retry_after": format_duration(self.retry_after),
        }

    @staticmethod
    def read(failure: Failure, call: BreakerCall) -> Rejection | None:
        """Read it; None if the activity has failed with another error."""
        details = failure.details
        if failure.type != CIRCUIT_BREAKER_OPEN or not isinstance(details, Mapping):
            return None
        told: Mapping[str, Any] = details
        if told.get("breaker") != call.name or "within" not in told:
            return None
        return Rejection(told["state"], parse_duration(told["retry_after"]), parse_duration(told["within"]))


def describe_open(call: BreakerCall) -> str:
    """The message of the error."""
    return f'the circuit breaker "{call.name}" is open'
