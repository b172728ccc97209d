"""Wait queues: one part of a run waits until another part says that something has happened."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class WaitQueue:
    """Wakes all who wait, in the order in which they came; each looks for itself what has happened."""

    _waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def notify_all(self) -> None:
        """Wake all who wait, in the order in which they came."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self) -> None:
        """Wait for the next `notify_all`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future
