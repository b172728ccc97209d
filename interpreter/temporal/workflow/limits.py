"""What a server takes of one run: so much in one workflow task, and so much on its way at the same time.

Beyond it, a server refuses the workflow task for ever (2,000 activities or children on their way), or terminates the
run (a message of 4 MB), and nothing is undone. So what is too much for now waits here, first come, first served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow

from interpreter.effects import NeverStarted
from interpreter.temporal.wire.payloads import MAXIMUM_BYTES

T = TypeVar("T")

MAXIMUM_PENDING = 1_800
"""A server allows 2,000 of a kind at a time, but it also counts those that a run no longer waits for."""

MAXIMUM_LETTERS = 100
"""So many letters of the built-in queue are children of the run itself: the server counts them until they have ended.
They come on top of `MAXIMUM_PENDING`."""

MAXIMUM_TASK_BYTES, MAXIMUM_TASK_COMMANDS = MAXIMUM_BYTES, 500
"""How much one workflow task may hold; a single command is never too large for it.

What ends the run, at most as large again, fits beside it. More commands would take long enough for the SDK to suspect
a deadlock (2 s). Part of replay: never change them.
"""

NEXT_TASK = timedelta(milliseconds=1)


@dataclass(slots=True, eq=False)
class ConcurrencyLimit:
    """Limits how many things of one kind are under way; `load` is shared by all kinds."""

    load: TaskBudget
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAXIMUM_PENDING))

    async def run(self, size: int, work: Callable[[], Awaitable[T]]) -> T:
        """Wait for a place, and keep it while the work is done.

        Args:
            size: Of the command, in bytes.
            work: Sends the command, and waits for what it has begun.

        Raises:
            NeverStarted: it was cancelled while it waited.
        """
        try:
            await self._places.acquire()
        except asyncio.CancelledError:
            raise NeverStarted from None
        try:
            await self.load.take(size)
            return await work()
        finally:
            self._places.release()


@dataclass(slots=True, eq=False)
class TaskBudget:
    """What the commands of the current workflow task weigh."""

    info: workflow.Info
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _task: int = 0
    """Length of the history when it began."""
    _bytes: int = 0
    _commands: int = 0

    async def take(self, size: int) -> None:
        """Wait for a workflow task that has room for a command.

        Raises:
            NeverStarted: it was cancelled while it waited.
        """
        try:
            async with self._turn:
                while not self._has_room(size):
                    await workflow.sleep(NEXT_TASK, summary="more than fits into one workflow task")
                self._bytes += size
                self._commands += 1
        except asyncio.CancelledError:
            raise NeverStarted from None

    def _has_room(self, size: int) -> bool:
        task = self.info.get_current_history_length()
        if task != self._task:
            self._task, self._bytes, self._commands = task, 0, 0
        return not self._commands or (
            self._bytes + size <= MAXIMUM_TASK_BYTES and self._commands < MAXIMUM_TASK_COMMANDS
        )
