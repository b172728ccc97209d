"""The state machine of a circuit breaker: plain data and time that is handed in; it starts nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from dsl.model import CircuitBreaker
from dsl.scalars.error_types import matches
from dsl.scalars.time import format_time
from interpreter.failure.failure import Failure, Outcome
from interpreter.state.sliding_window import Window, create_window

CIRCUIT_BREAKER_OPEN = "CircuitBreakerOpen"
"""Type of the error of a call that was not let through."""

DEFAULT_MINIMUM = 100
"""resilience4j's `minimum_number_of_calls`."""


class State(Enum):
    """Whether calls are let through."""

    CLOSED = "closed"
    """Calls go through and are counted."""
    OPEN = "open"
    """None goes through."""
    HALF_OPEN = "half_open"
    """A few go through: they find out whether the service is well again."""


class Verdict(Enum):
    """What an attempt says about the health of the service."""

    SUCCESS = "success"
    FAILURE = "failure"
    NOTHING = "nothing"
    """It was cancelled, never started, or answered as a healthy service would: the permit is just given back."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to make one call. It is worth nothing after the state has changed."""

    generation: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """No leave."""

    retry_after: timedelta | None
    """When it makes sense to ask again; None: as soon as one of the calls on their way has ended."""


@dataclass(slots=True, eq=False)
class Breaker:
    """One circuit breaker. Each permit that `acquire` gives is brought back by `record`, once."""

    settings: CircuitBreaker
    state: State = State.CLOSED
    open_until: datetime | None = None
    """Nothing goes through before; None unless it is open."""
    generation: int = 0
    """Number of changes of state: what was acquired before the last one no longer counts."""
    _consecutive: int = 0
    """Closed: failures since the last success. Half open: successes."""
    _permits_out: int = 0
    """Half open: permits that were not brought back."""
    _window: Window = field(init=False)

    def __post_init__(self) -> None:
        self._window = create_window(self.settings)

    def acquire(self, now: datetime) -> Permit | Rejected:
        """Ask for leave to make a call."""
        if self.open_until is not None:
            if now < self.open_until:
                return Rejected(self.open_until - now)
            self._change_state(State.HALF_OPEN)
        if self.state is State.HALF_OPEN:
            if self._permits_out >= self.settings.permitted_number_of_calls_in_half_open_state:
                return Rejected(None)
            self._permits_out += 1
        return Permit(self.generation)

    def record(self, permit: Permit, verdict: Verdict, took: timedelta, now: datetime) -> None:
        """Bring a permit back, and what was learnt with it."""
        if verdict is Verdict.NOTHING:
            self.give_back(permit)
        else:
            self.count(permit, verdict is Verdict.FAILURE, is_slow(self.settings, took), now)

    def give_back(self, permit: Permit) -> None:
        """Bring a permit back of which nothing was learnt."""
        if permit.generation == self.generation and self.state is State.HALF_OPEN:
            self._permits_out -= 1

    def count(self, permit: Permit, failed: bool, slow: bool, now: datetime) -> None:
        """Bring a permit back, and say how its call went."""
        if permit.generation != self.generation:
            return
        self.give_back(permit)
        if self.state is State.HALF_OPEN:
            self._count_probe(failed or slow, now)
        else:
            self._count_call(failed, slow, now)

    def is_troubled(self, now: datetime) -> bool:
        """Whether failures, or slow calls, are counted that a success may outweigh."""
        if self.state is not State.CLOSED:
            return True
        rates = (self.settings.failure_rate_threshold, self.settings.slow_call_rate_threshold)
        if rates == (None, None):
            return self._consecutive > 0
        counts = self._window.counts(now)
        return self._consecutive > 0 or counts.failed + counts.slow > 0

    def change_state(self, state: State, now: datetime) -> None:
        """Change the state on somebody's order. It begins anew: nothing counts that was before."""
        self._change_state(state, now if state is State.OPEN else None)

    def configure(self, settings: CircuitBreaker) -> None:
        """Go on with other settings. The state stays; the window begins anew if it has another form."""
        former, self.settings = self.settings, settings
        if settings.sliding_window != former.sliding_window:
            self._window = create_window(settings)

    def show(self) -> dict[str, Any]:
        """For people. Who looks changes nothing: it stays open until a call asks for leave."""
        until = self.open_until
        return {
            "state": self.state.value,
            "open_until": format_time(until) if until else None,
        }

    def export_state(self) -> dict[str, Any]:
        """The state as JSON. What is on its way is not in it: its permits end with this breaker."""
        return {
            "state": self.state.value,
            "open_until": self.open_until.isoformat() if self.open_until else None,
            "in_a_row": self._consecutive,
            "window": self._window.export_state(),
        }

    @staticmethod
    def restore_state(
        settings: CircuitBreaker, exported: Mapping[str, Any], *, generation: int = 0, permits_out: int = 0
    ) -> Breaker:
        """A breaker that goes on where the exported one was.

        Args:
            settings: Its settings.
            exported: What `export_state` has returned.
            generation: The number to go on with, if permits outlive the exported breaker.
            permits_out: How many of them were not brought back.
        """
        until = exported["open_until"]
        breaker = Breaker(
            settings, State(exported["state"]), datetime.fromisoformat(until) if until else None, generation
        )
        breaker._permits_out = permits_out
        breaker._consecutive = exported["in_a_row"]
        breaker._window.restore(exported["window"])
        return breaker

    def _count_call(self, failed: bool, slow: bool, now: datetime) -> None:
        self._consecutive = self._consecutive + 1 if failed else 0
        self._window.add(failed, slow, now)
        threshold = self.settings.failure_threshold
        if (threshold is not None and self._consecutive >= threshold) or self._is_rate_reached(now):
            self._change_state(State.OPEN, now)

    def _is_rate_reached(self, now: datetime) -> bool:
        counts = self._window.counts(now)
        least = self.settings.minimum_number_of_calls or DEFAULT_MINIMUM
        if counts.calls < min(least, self._window.capacity or least):
            return False
        rates = (
            (self.settings.failure_rate_threshold, counts.failed),
            (self.settings.slow_call_rate_threshold, counts.slow),
        )
        return any(percent is not None and 100 * n >= percent * counts.calls for percent, n in rates)

    def _count_probe(self, sick: bool, now: datetime) -> None:
        self._consecutive += 1
        if sick:
            self._change_state(State.OPEN, now)
        elif self._consecutive >= self.settings.half_open_success_threshold:
            self._change_state(State.CLOSED)

    def _change_state(self, state: State, now: datetime | None = None) -> None:
        """Change the state; `now` is when it opens."""
        self.state = state
        self.open_until = now + self.settings.wait_duration_in_open_state if now else None
        self.generation += 1
        self._consecutive = self._permits_out = 0
        self._window = create_window(self.settings)


def is_slow(settings: CircuitBreaker, took: timedelta) -> bool:
    """Whether a call took too long. A rate of slow calls is what makes slowness an illness."""
    limit = settings.slow_call_duration_threshold
    return settings.slow_call_rate_threshold is not None and limit is not None and took > limit


SAYS_NOTHING = ("WorkerShutdown", "Timeout.ScheduleToStart")
"""Errors of our own side: the service may be as well as can be."""


def judge(settings: CircuitBreaker, failure: Failure) -> Verdict:
    """What a failed attempt says about the service. An error that is final by its nature (a declined card) is the
    answer of a healthy one, unless `record_error_types` names it."""
    if failure.outcome is Outcome.NOT_STARTED or failure.type in SAYS_NOTHING:
        return Verdict.NOTHING
    if any(matches(ignored, failure.type) for ignored in settings.ignore_error_types):
        return Verdict.NOTHING
    if failure.non_retryable and not any(matches(each, failure.type) for each in settings.record_error_types):
        return Verdict.NOTHING
    return Verdict.FAILURE
