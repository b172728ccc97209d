"""Runs are started, and orders given, one after the other, and no faster than somebody wants."""

from __future__ import annotations

import asyncio


class Pace:
    """A `Pace` lets so many things happen in a second."""

    def __init__(self, rate: float) -> None:
        """Allow `rate` of them a second."""
        self._interval = 1.0 / rate
        self._next_at = asyncio.get_running_loop().time()

    async def wait(self) -> None:
        """Wait until it is time for the next one."""
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(self._next_at - now)
        self._next_at = max(self._next_at, now) + self._interval

    def give_back(self) -> None:
        """Let the next one begin at once, because the last one was not begun after all."""
        self._next_at -= self._interval
