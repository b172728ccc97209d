"""The authority over one shared breaker: it alone changes the state, and gives permits for probes.

The state machine is that of a breaker of one run. Here are added the leases of permits, so that a lost probe is no
deadlock, and the orders of people.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dsl.model import CircuitBreaker
from dsl.scalars.time import format_time
from interpreter.shared_breaker.orders import FORCED_STATES, Command, Order
from interpreter.shared_breaker.report import CallResult, Entry
from interpreter.shared_breaker.transitions import Record, Transition
from interpreter.shared_breaker.view import BreakerView, SharedState
from interpreter.state.breaker import Breaker, Permit, Rejected, State

NEVER_TAKEN_BACK = timedelta(hours=1)
"""What a caller is told to wait at a breaker that was opened by an order without an end."""

LONGEST_CAUSE = 200
"""Letters of the reason of an order that workers are told."""

_STATES = {State.CLOSED: SharedState.CLOSED, State.HALF_OPEN: SharedState.HALF_OPEN}


@dataclass(slots=True, eq=False)
class SharedBreaker:
    """One shared breaker."""

    breaker: Breaker
    leases: dict[str, datetime] = field(default_factory=dict)
    """Id of a permit for a probe → when it ends. A probe that does not report before has failed."""
    order: Order | None = None
    """The order that holds the state, if one does."""
    past: Record = field(default_factory=Record)

    @property
    def state(self) -> SharedState:
        """Its state, as people know it."""
        if self.order is not None:
            return FORCED_STATES[self.order.command]
        return _STATES.get(self.breaker.state, SharedState.OPEN)

    def look(self, now: datetime) -> BreakerView:
        """What workers have to know."""
        if self.order is None:
            until, troubled = self.breaker.open_until, self.breaker.is_troubled(now)
        else:
            until, troubled = self.order.until if self.order.command is Command.OPEN else None, False
        last = self.past.transitions[-1] if self.past.transitions else None
        cause, by = (last.cause[:LONGEST_CAUSE], last.by) if last is not None else (None, None)
        permits, full = tuple(self.leases), None
        if len(permits) >= self.breaker.settings.permitted_number_of_calls_in_half_open_state:
            full = min(self.leases.values())
        return BreakerView(self.state, self.breaker.generation, until, troubled, cause, by, permits, full)

    def take(self, entries: Iterable[Entry], now: datetime) -> None:
        """Count what a worker has reported, in the order in which it happened."""
        self.expire(now)
        for entry in entries:
            if entry.permit is None:
                self._count_calls(entry, now)
            else:
                self._count_probe(entry, now)

    def ask(self, permit: str, lease: timedelta, now: datetime) -> Permit | Rejected:
        """Ask for leave to make a call. While the breaker is half open, that is a permit for a probe.

        Args:
            permit: Its id. Who asks again by the same id gets the same permit.
            lease: How long the call may take; after that it has failed.
            now: The time.
        """
        self.expire(now)
        if self.order is not None:
            if self.order.command is Command.DISABLE:
                return Permit(self.breaker.generation)
            return Rejected(self.time_left(now))
        if permit in self.leases:
            return Permit(self.breaker.generation)
        with self._noting("a call has asked for a probe", now):
            answer = self.breaker.acquire(now)
        if isinstance(answer, Rejected):
            return Rejected(self.time_left(now))
        if self.breaker.state is State.HALF_OPEN:
            self.leases[permit] = now + lease
            self.past.counters.probes += 1
        return answer

    def time_left(self, now: datetime) -> timedelta:
        """How long a call should wait before it asks again: until it opens, or until a lease ends."""
        if self.order is not None:
            return self.order.until - now if self.order.until is not None else NEVER_TAKEN_BACK
        ends = [self.breaker.open_until] if self.breaker.open_until else list(self.leases.values())
        return max(timedelta(0), min(ends, default=now) - now)

    def obey(self, order: Order, now: datetime) -> None:
        """Do what somebody has ordered."""
        self.expire(now)
        if order.command is Command.RESET:  # what it changes is the first that is noted again
            self.past = Record()
        cause = order.reason or f"ordered: {order.command.value}"
        with self._noting(cause, now, order.by):
            self.order = order if order.command in FORCED_STATES else None
            self.breaker.change_state(State.CLOSED, now)
            self.leases.clear()

    def expire(self, now: datetime) -> None:
        """Let end what has ended by now: an order, or the leases of probes."""
        if self._is_order_over(now):
            assert self.order is not None
            opened = self.order.command is Command.OPEN
            with self._noting("the order has ended", now):
                self.order = None
                self.breaker.change_state(State.OPEN if opened else State.CLOSED, now)
                if opened:  # a probe finds out how the service is
                    self.breaker.open_until = now
        for permit, end in sorted(self.leases.items(), key=lambda lease: lease[1]):
            if end <= now and self.leases.pop(permit, None) is not None:
                self.past.counters.lost_probes += 1
                with self._noting("a probe has not reported in time", end):
                    self.breaker.count(Permit(self.breaker.generation), True, False, end)

    def is_idle(self, now: datetime) -> bool:
        """Whether nothing is known of it that is worth keeping, but its past."""
        return self.order is None and not self.breaker.is_troubled(now)

    def export_state(self) -> dict[str, Any]:
        """The state as JSON."""
        return {
            "breaker": self.breaker.export_state(),
            "generation": self.breaker.generation,
            "leases": {permit: end.isoformat() for permit, end in self.leases.items()},
            "order": self.order.to_json() if self.order is not None else None,
            "past": self.past.to_json(),
        }

    @staticmethod
    def restore_state(settings: CircuitBreaker, exported: Mapping[str, Any]) -> SharedBreaker:
        """A breaker that goes on where the exported one was; its permits stay valid."""
        leases = {permit: datetime.fromisoformat(end) for permit, end in exported["leases"].items()}
        breaker = Breaker.restore_state(
            settings, exported["breaker"], generation=exported["generation"], permits_out=len(leases)
        )
        order = Order.from_json(exported["order"]) if exported["order"] is not None else None
        return SharedBreaker(breaker, leases, order, Record.from_json(exported["past"]))

    def _is_order_over(self, now: datetime) -> bool:
        return self.order is not None and self.order.until is not None and self.order.until <= now

    def _count_calls(self, entry: Entry, now: datetime) -> None:
        """Count calls that needed no permit for a probe. The first that changes the state makes the rest stale."""
        for counted in range(entry.number):
            stale = entry.generation != self.breaker.generation or self.order is not None
            if stale or self.breaker.state is not State.CLOSED:  # a probe without a permit is none
                self.past.counters.ignored += entry.number - counted
                return
            self._count(entry, now, "a threshold was reached")

    def _count_probe(self, entry: Entry, now: datetime) -> None:
        assert entry.permit is not None
        if entry.generation != self.breaker.generation or self.leases.pop(entry.permit, None) is None:
            self.past.counters.ignored += 1
            return
        self._count(entry, now, "a probe has failed" if entry.result.troubles else "probes have succeeded")

    def _count(self, entry: Entry, now: datetime, cause: str) -> None:
        permit = Permit(entry.generation)
        if entry.result is CallResult.NOTHING:
            self.breaker.give_back(permit)
            return
        if entry.result.failed:
            self.past.counters.failures += 1
        else:
            self.past.counters.successes += 1
        with self._noting(cause, now):
            self.breaker.count(permit, entry.result.failed, entry.result.slow, now)

    @contextmanager
    def _noting(self, cause: str, now: datetime, by: str | None = None) -> Generator[None]:
        """Note a change of state that happens inside. It ends all leases."""
        before, generation = self.state, self.breaker.generation
        yield
        if self.breaker.generation != generation:
            self.leases.clear()
        if self.state is not before:
            self.past.counters.transitions += 1
            noted = Transition(format_time(now), before.value, self.state.value, cause, by)
            self.past.transitions.append(noted)
