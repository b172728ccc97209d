"""A worker knows how many attempts of activities its shutdown has cut off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio import activity

T = TypeVar("T")


class CutOffs:
    """Counts the attempts of one worker that can't end as they would have: the worker shuts down."""

    def __init__(self) -> None:
        self._running = 0
        self._cancelled = 0

    @property
    def count(self) -> int:
        """After the shutdown: how many attempts were cancelled by it, or still run, as one in a thread may."""
        return self._cancelled + self._running

    async def watch(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Make an attempt, inside its activity."""
        self._running += 1
        try:
            return await attempt()
        except BaseException:
            details = activity.cancellation_details()
            if details is not None and details.worker_shutdown:
                self._cancelled += 1
            raise
        finally:
            self._running -= 1
