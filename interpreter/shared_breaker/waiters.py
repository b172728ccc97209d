"""Steps that wait until a shared breaker lets them through: each sleeps until it is woken.

While the breaker is open, only so many are woken as there are probes to be made. The others sleep on, however long
the outage lasts. When the breaker has closed, they are woken at half the rate at which they came: that takes twice as
long as the outage, and the service sees its normal load and half of it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from interpreter.shared_breaker.authority import SharedBreaker
from interpreter.shared_breaker.view import SharedState

MOST_WAITERS = 5_000
"""So many steps wait at one breaker. A step beyond it waits by the clock alone."""

LONGEST_ID = 200
"""Letters of a workflow id and the name of a step together; so all waiters fit into the state of an entity."""

PATIENCE = timedelta(seconds=10)
"""A step that was woken to make a probe has so much time to ask for it; then another one is woken."""

TICK = timedelta(seconds=1)
"""How often steps are woken after the breaker has closed."""

SHARE = 0.5
"""The part of the rate at which they came, at which they are woken."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """A step of a run."""

    workflow_id: str
    step: str
    """How the run calls it: by the id of the first activity that was scheduled for it."""

    def to_json(self) -> list[str]:
        """Write it as JSON."""
        return [self.workflow_id, self.step]


@dataclass(slots=True, eq=False)
class Waiters:
    """The steps that wait at one breaker, in the order in which they came."""

    _waiting: dict[Waiter, None] = field(default_factory=dict)
    _since: datetime | None = None
    """When the first one came."""
    _woken: dict[Waiter, datetime] = field(default_factory=dict)
    """Who was woken to make a probe, and has not asked yet → until when it may."""
    _pace: int | None = None
    """How many are woken at a time, once the breaker has closed."""
    _next_tick: datetime | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Waiter]:
        return iter(self._waiting)

    def add(self, waiter: Waiter, now: datetime) -> bool:
        """Let a step wait; False if there are too many. A step waits once, however often it says so."""
        self._woken.pop(waiter, None)
        if waiter in self._waiting:
            return True
        size = len(waiter.workflow_id) + len(waiter.step)
        if len(self._waiting) >= MOST_WAITERS or size > LONGEST_ID:
            return False
        if not self._waiting:
            self._since = now
        self._waiting[waiter] = None
        return True

    def remove(self, waiter: Waiter) -> None:
        """Let a step wait no more: it has got what it waited for."""
        self._woken.pop(waiter, None)
        self._waiting.pop(waiter, None)

    def next_due(self, one: SharedBreaker, now: datetime) -> datetime | None:
        """When `pop` has something to do; None as long as nothing changes."""
        if not self._waiting:
            return None
        match one.state:
            case SharedState.CLOSED | SharedState.DISABLED:
                return self._next_tick or now
            case SharedState.FORCED_OPEN:
                return one.order.until if one.order is not None else None
            case SharedState.OPEN:
                opens = one.breaker.open_until or now
                return max(opens, now) if self._count_free(one, now) else max(opens, *self._woken.values())
            case SharedState.HALF_OPEN:
                ends = [*one.leases.values(), *self._woken.values()]
                return now if self._count_free(one, now) or not ends else min(ends)

    def pop(self, one: SharedBreaker, now: datetime) -> list[Waiter]:
        """Who is to be woken now."""
        due = self.next_due(one, now)
        if due is None or due > now:
            return []
        if one.state in (SharedState.CLOSED, SharedState.DISABLED):
            return self._release(one, now)
        self._pace = self._next_tick = None
        chosen = [*self._waiting][: self._count_free(one, now)]
        for waiter in chosen:
            del self._waiting[waiter]
            self._woken[waiter] = now + PATIENCE
        return chosen

    def export_state(self) -> dict[str, Any]:
        """Write it as JSON. Who was woken is not in it: such a step asks, or waits again."""
        return {
            "waiting": [each.to_json() for each in self._waiting],
            "since": self._since.isoformat() if self._since else None,
            "pace": self._pace,
            "next_tick": self._next_tick.isoformat() if self._next_tick else None,
        }

    @staticmethod
    def restore_state(exported: Mapping[str, Any]) -> Waiters:
        """Read it back."""
        return Waiters(
            _waiting=dict.fromkeys(_read(exported["waiting"])),
            _since=_read_time(exported["since"]),
            _pace=exported["pace"],
            _next_tick=_read_time(exported["next_tick"]),
        )

    def _count_free(self, one: SharedBreaker, now: datetime) -> int:
        self._woken = {waiter: end for waiter, end in self._woken.items() if end > now}
        most = one.breaker.settings.permitted_number_of_calls_in_half_open_state
        return max(0, most - len(one.leases) - len(self._woken))

    def _release(self, one: SharedBreaker, now: datetime) -> list[Waiter]:
        collected = max(now - (self._since or now), one.breaker.settings.wait_duration_in_open_state, TICK)
        # more may come meanwhile: those who have waited at another entity, which was terminated
        self._pace = max(self._pace or 1, ceil(SHARE * len(self._waiting) * (TICK / collected)))
        chosen = [*self._waiting][: self._pace]
        for waiter in chosen:
            del self._waiting[waiter]
        self._next_tick = now + TICK
        if not self._waiting:
            self._pace = self._next_tick = None
        return chosen


def _read(data: Iterable[Iterable[str]]) -> list[Waiter]:
    return [Waiter(workflow_id, step) for workflow_id, step in data]


def _read_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
