"""The clock of this event loop jumps, so that hours of waiting take no time, and every run takes the same time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


class NothingWillHappen(Exception):
    """All tasks wait, and there is no timer that would wake one of them."""


class _JumpingSelector(selectors.DefaultSelector):
    """A `_JumpingSelector` moves the clock of its loop instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise NothingWillHappen
        self.now += timeout
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A `VirtualTimeLoop` is an event loop with a time of its own, which begins at 0."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run_in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end without waiting.

    Raises:
        NothingWillHappen: the coroutine can't end.
    """
    loop = (
        VirtualTimeLoop()
    )  # not in `asyncio.Runner`, whose handling of signals takes twice as long as a run
    try:
        return loop.run_until_complete(work)
    finally:
        if left := asyncio.all_tasks(loop):
            for task in left:
                task.cancel()
            with suppress(NothingWillHappen):  # of a run that was killed, something may wait for ever
                loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()


async def let_arrive() -> None:
    """Let everything that happened at this moment be delivered.

    A cancellation is passed on only then, as in the adapter to Temporal.
    """
    for _ in range(10):
        await asyncio.sleep(0)
