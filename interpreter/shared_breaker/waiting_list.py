"""What a worker knows of the steps that wait at the breakers of one name, whoever has told the group of them.

A group that ends without having woken them, because somebody has terminated its entity, leaves *orphans*. The next
group has to be told of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from interpreter.shared_breaker.waiters import MOST_WAITERS, Waiter


@dataclass(slots=True, eq=False)
class WaitingList:
    """The steps that wait, and those that nobody would wake."""

    _waiting: dict[Waiter, str] = field(default_factory=dict)
    """Step → the key of its breaker."""
    _orphans: dict[Waiter, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._waiting or self._orphans)

    def learn(self, waits: Iterable[tuple[Waiter, str | None]]) -> None:
        """Take over what the group was told, and what it has done. One step too many is not noted.

        Args:
            waits: A step, and the key of the breaker at which it waits; None: it waits no more.
        """
        for waiter, key in waits:
            self._orphans.pop(waiter, None)
            if key is None:
                self._waiting.pop(waiter, None)
            elif len(self._waiting) < MOST_WAITERS:
                self._waiting[waiter] = key

    def abandon(self) -> None:
        """Note that the group has ended: who waits now is an orphan."""
        self._orphans |= self._waiting
        self._waiting = {}

    def list_orphans(self) -> list[tuple[str, Waiter]]:
        """The steps that nobody would wake, with the keys of their breakers."""
        return [(key, waiter) for waiter, key in self._orphans.items()]
