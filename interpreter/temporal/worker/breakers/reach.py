"""Whether the entity of a name answers, and how hard it may be pressed."""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass

from interpreter.temporal.wire.breaker_events import BreakerListener, NotReached, ReachedAgain

RETRY_PAUSE = 5.0
"""Seconds after which an entity that did not answer is tried again."""

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
"""Seconds that a worker waits after the server has refused a message: at first, and at most."""

SILENCE = 5.0
"""Seconds after which an entity that has something to do, and does nothing, is taken for dead."""

RECOVERY = 0.8
"""By what the pause is multiplied after each message that was taken."""


@dataclass(slots=True, eq=False)
class Reach:
    """Whether an entity has answered the last time. One that has not is left alone for a while."""

    name: str
    listener: BreakerListener
    is_reachable: bool = True
    _retry_at: float = 0.0
    _heard_at: float = -math.inf

    def may_try(self) -> bool:
        """Whether it makes sense to say something to the entity."""
        return asyncio.get_running_loop().time() >= self._retry_at

    def is_alive(self) -> bool:
        """Whether the entity has worked lately."""
        return asyncio.get_running_loop().time() - self._heard_at < SILENCE

    def note_life(self) -> None:
        """Note that the entity has worked."""
        self._heard_at = asyncio.get_running_loop().time()
        self.find_again()

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
    """How fast one worker speaks to a busy entity: slower each time the server refuses a message.

    It refuses some while an entity continues as new.
    """

    pause: float = 0.0
    """Seconds before the next message; 0 while none is refused."""

    def slow_down(self) -> None:
        """Note that the server has refused a message."""
        self.pause = min(max(self.pause * 2, FIRST_PAUSE), LONGEST_PAUSE)

    def speed_up(self) -> None:
        """Note that a message was taken."""
        self.pause = self.pause * RECOVERY if self.pause > FIRST_PAUSE else 0.0

    async def wait(self) -> None:
        """Wait for a turn, but not for as long as all the others."""
        if self.pause:
            await asyncio.sleep(self.pause * random.uniform(0.5, 1.5))
