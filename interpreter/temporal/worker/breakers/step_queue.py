"""Tell an entity which steps wait at its breakers, so that it wakes them.

An entity that somebody has terminated wakes nobody any more. Every worker reads in its history who has waited,
whichever worker has told of them, and tells the next entity. Each does that after another moment, so that the first
one saves the others the trouble.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field
from datetime import timedelta

from interpreter.shared_breaker.messages import Stamped, Wait
from interpreter.shared_breaker.waiters import Waiter
from interpreter.shared_breaker.waiting_list import WaitingList
from interpreter.temporal.worker.breakers.entity import EntityClient
from interpreter.temporal.worker.breakers.reach import RETRY_PAUSE, Reach

ARRIVALS_DELAY = 0.05
"""Seconds for which steps that wait are collected before they are told."""

RESCUE_SPREAD = 3.0
"""Seconds within which the workers tell the next entity who has waited at the last one."""

MOST_AT_ONCE = 500
"""So many steps are told in one message."""


@dataclass(slots=True, eq=False)
class StepQueue:
    """The steps that wait at the breakers of one name, as far as this worker has to do with them."""

    entity: EntityClient
    reach: Reach
    known: WaitingList = field(default_factory=WaitingList)
    stamped: Stamped | None = None
    """The latest settings that this worker has seen."""
    sent: int = 0
    """How often something was said to the entity."""
    _arrivals: list[tuple[str, Waiter]] = field(default_factory=list[tuple[str, Waiter]])
    _sending: asyncio.Task[bool] | None = None
    _rescuing: asyncio.Task[None] | None = None

    async def let_wait(self, key: str, waiter: Waiter, patience: timedelta) -> bool:
        """Tell that a step waits, together with others; whether the entity has heard of it."""
        if not self.reach.may_try():
            return False
        self._arrivals.append((key, waiter))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_arrivals(), context=Context())
        sending = self._sending
        await asyncio.wait([sending], timeout=patience.total_seconds())
        return sending.done() and not sending.cancelled() and sending.result()

    def rescue(self) -> None:
        """Tell the entity of the steps that wait, and that nobody would wake."""
        if self._rescuing is not None:
            self._rescuing.cancel()
        self._rescuing = (
            asyncio.create_task(self._tell_orphans(), context=Context())
            if self.known.list_orphans()
            else None
        )

    async def close(self) -> None:
        """Tell nothing more."""
        for task in (self._sending, self._rescuing):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _send_arrivals(self) -> bool:
        await asyncio.sleep(ARRIVALS_DELAY)
        arrivals, self._arrivals, self._sending = self._arrivals, [], None
        return await self._tell(arrivals)

    async def _tell_orphans(self) -> None:
        await asyncio.sleep(random.uniform(0, RESCUE_SPREAD))
        orphans = self.known.list_orphans()  # without those of whom others have told meanwhile
        while orphans:
            if await self._tell(orphans[:MOST_AT_ONCE]):
                orphans = orphans[MOST_AT_ONCE:]
            else:
                await asyncio.sleep(RETRY_PAUSE)

    async def _tell(self, waiters: list[tuple[str, Waiter]]) -> bool:
        assert self.stamped is not None
        self.sent += 1
        try:
            await self.entity.let_wait(Wait(self.stamped, tuple(waiters)))
        except Exception as error:
            self.reach.lose(error)
            return False
        self.reach.find_again()
        return True
