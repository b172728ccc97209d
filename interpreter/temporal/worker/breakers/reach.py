"""Whether the entity of a name answers, and how hard it may be pressed."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from interpreter.temporal.wire.breaker_events import BreakerListener, NotReached, ReachedAgain

RETRY_PAUSE = 5.0
"""Seconds after which an entity that did not answer is tried again."""

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
"""Seconds that a worker waits after the server has taken no more updates of an entity: at first, and at most."""

RECOVERY = 0.8
"""By what the pause is multiplied after each update that was taken."""


@dataclass(slots=True, eq=False)
class Reach:
    """Whether an entity has answered the last time. One that has not is left alone for a while."""

    name: str
    listener: BreakerListener
    is_reachable: bool = True
    _retry_at: float = 0.0

    def may_try(self) -> bool:
        """Whether it makes sense to say something to the entity."""
        return asyncio.get_running_loop().time() >= self._retry_at

    def lose(self, error: BaseException | str) -> None:
        """Note that the entity has not answered."""
        self._retry_at = asyncio.get_running_loop().time() + RETRY_PAUSE
        was_reached, self.is_reachable = self.is_reachable, False
        self.listener(self.name, NotReached(str(error) or type(error).__name__, was_reached))

    def find_again(self) -> None:
        """Note that the entity has answered."""
        if not self.is_reachable:
            self.is_reachable, self._retry_at = True, 0.0
            self.listener(self.name, ReachedAgain())


@dataclass(slots=True)
class Pace:
    """How fast one worker speaks to a busy entity.

    A server takes only a few updates of a workflow at a time. Each worker doubles its pause when it is refused, and
    shortens it little by little while it is not. So many workers share what the entity takes, and none has to be told
    how many there are.
    """

    pause: float = 0.0
    """Seconds between two updates; 0 while nobody is refused."""

    def slow_down(self) -> None:
        """Note that the server has refused an update."""
        self.pause = min(max(self.pause * 2, FIRST_PAUSE), LONGEST_PAUSE)

    def speed_up(self) -> None:
        """Note that the server has taken an update."""
        self.pause = self.pause * RECOVERY if self.pause > FIRST_PAUSE else 0.0

    async def wait(self) -> None:
        """Wait for a turn, but not for as long as all the others."""
        if self.pause:
            await asyncio.sleep(self.pause * random.uniform(0.5, 1.5))
