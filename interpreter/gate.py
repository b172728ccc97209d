"""A circuit breaker of one run, and the attempts that wait before it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from interpreter.breaker import Breaker, Permit, Verdict


@dataclass(slots=True, eq=False)
class Gate:
    """Passes on what the breaker learns to those who wait for a probe to end."""

    breaker: Breaker
    _waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def record(self, permit: Permit, verdict: Verdict, took: timedelta, now: datetime) -> None:
        """Bring a permit back. Who waits asks again, in the order in which they came."""
        self.breaker.record(permit, verdict, took, now)
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def next_record(self) -> None:
        """Wait until a permit is brought back: every call ends some time, so no timer is needed."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future
