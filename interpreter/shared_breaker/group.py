"""All breakers of one name: what the entity workflow keeps, decides and carries on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from dsl.model import CircuitBreaker
from interpreter.shared_breaker.authority import SharedBreaker
from interpreter.shared_breaker.messages import Answer, Ask, Stamped, Tell, Wait
from interpreter.shared_breaker.orders import Order
from interpreter.shared_breaker.view import BreakerView, SharedState
from interpreter.shared_breaker.waiters import Waiter, Waiters
from interpreter.state.breaker import Breaker, Rejected

FORMAT = 1
"""Number of the layout of the state."""

MOST_KEYS = 1_000
"""Breakers under one name. Beyond it the idle one is forgotten of which nothing was heard for the longest time."""

MOST_WORKERS = 500
"""The group remembers of so many workers which report was their last."""

_NO_SETTINGS = CircuitBreaker.model_construct(wait_duration_in_open_state=timedelta(minutes=1))
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True, eq=False)
class BreakerGroup:
    """The breakers of one name, by their keys. A breaker without a key has the key ""."""

    stamped: Stamped
    """The settings of all of them, and from when they are."""
    base: int
    """The generation of a breaker that the group does not know. It must be larger than any that was used before under
    this name."""
    breakers: dict[str, SharedBreaker] = field(default_factory=dict)
    """The breakers of which something was heard; the one that was silent for the longest time comes first."""
    waiters: dict[str, Waiters] = field(default_factory=dict)
    _last_reports: dict[str, int] = field(default_factory=dict)
    """Worker → number of its last report."""

    @staticmethod
    def begin(base: int) -> BreakerGroup:
        """A group to which no worker has told its settings yet.

        Args:
            base: The generation to begin with.
        """
        return BreakerGroup(Stamped(_NO_SETTINGS, _LONG_AGO), base)

    @property
    def has_settings(self) -> bool:
        """Whether some worker has told the settings."""
        return self.stamped.since > _LONG_AGO

    @property
    def settings(self) -> CircuitBreaker:
        """The settings of all its breakers."""
        return self.stamped.settings

    def tell(self, message: Tell, now: datetime) -> None:
        """Take a report. One that was taken before changes nothing."""
        self.configure(message.stamped)
        if message.number <= self._last_reports.get(message.worker, 0):
            return
        self._last_reports.pop(message.worker, None)
        self._last_reports[message.worker] = message.number
        if len(self._last_reports) > MOST_WORKERS:
            self._last_reports.pop(next(iter(self._last_reports)))
        for key, entries in message.report.entries.items():
            self._touch(key, now).take(entries, now)
        for ask in message.asks:
            self.ask(ask, now)

    def ask(self, message: Ask, now: datetime) -> Answer:
        """Give leave to make a call. A permit for a probe is also part of the view."""
        one = self._touch(message.key, now)
        answer = one.ask(message.permit, message.lease, now)
        if isinstance(answer, Rejected):
            return Answer(None, retry_after=answer.retry_after)
        if message.waiter is not None and message.key in self.waiters:
            self.waiters[message.key].remove(message.waiter)
        return Answer(answer.generation, probe=message.permit in one.leases)

    def let_wait(self, message: Wait, now: datetime) -> None:
        """Let steps wait. One too many is not woken, and asks again by itself."""
        self.configure(message.stamped)
        for key, waiter in message.waiters:
            self._touch(key, now)
            self.waiters.setdefault(key, Waiters()).add(waiter, now)

    def obey(self, key: str, order: Order, now: datetime) -> None:
        """Do what somebody has ordered."""
        self._touch(key, now).obey(order, now)

    def configure(self, stamped: Stamped) -> None:
        """Take over settings, if they are from later than those that hold."""
        if stamped.since <= self.stamped.since:
            return
        changed = stamped.settings != self.settings
        self.stamped = stamped
        if changed:
            for one in self.breakers.values():
                one.breaker.configure(stamped.settings)

    def look(self, now: datetime) -> dict[str, BreakerView]:
        """What workers have to know."""
        return {key: one.look(now) for key, one in self.breakers.items()}

    def next_due(self, now: datetime) -> datetime | None:
        """When `wake` has something to do; None as long as nothing is told or asked."""
        return min(self._list_due(now), default=None)

    def wake(self, now: datetime) -> list[tuple[str, Waiter]]:
        """Let time pass: who is to be woken, with the key of the breaker at which it waits."""
        for one in self.breakers.values():
            one.expire(now)
        woken = [
            (key, waiter)
            for key, each in self.waiters.items()
            for waiter in each.pop(self.breakers[key], now)
        ]
        self.waiters = {key: each for key, each in self.waiters.items() if len(each)}
        return woken

    def can_end(self, now: datetime) -> bool:
        """Whether the group could be forgotten: no order holds, nobody waits, and none must stay open."""
        opens = (one.breaker.open_until for one in self.breakers.values())
        ordered = any(one.order is not None for one in self.breakers.values())
        return not self.waiters and not ordered and all(until is None or until <= now for until in opens)

    def export_state(self) -> dict[str, Any]:
        """The state as JSON."""
        return {
            "format": FORMAT,
            "stamped": self.stamped.to_json(),
            "base": self.base,
            "breakers": [[key, one.export_state()] for key, one in self.breakers.items()],
            "waiters": [[key, each.export_state()] for key, each in self.waiters.items()],
            "last_reports": [[worker, number] for worker, number in self._last_reports.items()],
        }

    @staticmethod
    def restore_state(exported: Mapping[str, Any]) -> BreakerGroup:
        """A group that goes on where the exported one was."""
        stamped = Stamped.from_json(exported["stamped"])
        breakers = {
            key: SharedBreaker.restore_state(stamped.settings, one) for key, one in exported["breakers"]
        }
        waiters = {key: Waiters.restore_state(each) for key, each in exported["waiters"]}
        return BreakerGroup(stamped, exported["base"], breakers, waiters, dict(exported["last_reports"]))

    def _touch(self, key: str, now: datetime) -> SharedBreaker:
        """Find a breaker, or make it; it is now the one that was heard of last."""
        one = self.breakers.pop(key, None)
        if one is None:
            one = SharedBreaker(Breaker(self.settings, generation=self.base))
            self._forget_one(now)
        self.breakers[key] = one
        return one

    def _forget_one(self, now: datetime) -> None:
        if len(self.breakers) < MOST_KEYS:
            return
        idle = (key for key, one in self.breakers.items() if one.is_idle(now) and not self._has_waiters(key))
        closed = (key for key, one in self.breakers.items() if one.state is SharedState.CLOSED)
        key = next(idle, None) or next(closed, None) or next(iter(self.breakers))
        self.base = max(self.base, self.breakers.pop(key).breaker.generation + 1)
        self.waiters.pop(key, None)

    def _has_waiters(self, key: str) -> bool:
        return key in self.waiters and len(self.waiters[key]) > 0

    def _list_due(self, now: datetime) -> Iterator[datetime]:
        for key, each in self.waiters.items():
            due = each.next_due(self.breakers[key], now)
            if due is not None:
                yield due
        for one in self.breakers.values():
            if one.order is not None and one.order.until is not None:
                yield one.order.until
