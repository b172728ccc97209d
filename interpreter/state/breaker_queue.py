"""A circuit breaker of one run, and the attempts that wait before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from interpreter.concurrency.wait_queue import WaitQueue
from interpreter.state.breaker import Breaker, Permit, Verdict


@dataclass(slots=True, eq=False)
class BreakerQueue:
    """Passes on what the breaker learns to those who wait for a probe to end."""

    breaker: Breaker
    _returned: WaitQueue = field(default_factory=WaitQueue)

    def record(self, permit: Permit, verdict: Verdict, took: timedelta, now: datetime) -> None:
        """Bring a permit back. Who waits asks again, in the order in which they came."""
        self.breaker.record(permit, verdict, took, now)
        self._returned.notify_all()

    async def wait_for_record(self) -> None:
        """Wait until a permit is brought back: every call ends some time, so no timer is needed."""
        await self._returned.wait()
