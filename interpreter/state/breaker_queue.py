"""A circuit breaker of one run, and the attempts that wait before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from interpreter.concurrency.wait_queue import Bell
from interpreter.state.breaker import Breaker, Permit, Verdict


@dataclass(slots=True, eq=False)
class Gate:
    """Passes on what the breaker learns to those who wait for a probe to end."""

    breaker: Breaker
    _returned: Bell = field(default_factory=Bell)

    def record(self, permit: Permit, verdict: Verdict, took: timedelta, now: datetime) -> None:
        """Bring a permit back. Who waits asks again, in the order in which they came."""
        self.breaker.record(permit, verdict, took, now)
        self._returned.ring()

    async def next_record(self) -> None:
        """Wait until a permit is brought back: every call ends some time, so no timer is needed."""
        await self._returned.heard()
