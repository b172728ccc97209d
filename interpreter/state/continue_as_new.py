"""Continue-as-new: when the whole run stands still at places where it can go on, it goes on as a new run.

A run is made of strands: one, and in a block with branches one for each. A strand rests where nothing is on its
way: between two steps, between iterations, or in a wait that can be begun again. Once a handover is wanted, each
strand that comes to such a place rests there; when all rest, the state of the run is all that there is to know about
it. What rests is not unwound: until the very end it can be cancelled, and then cleans up as always.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from interpreter.concurrency.wait_queue import Bell


@dataclass(slots=True, eq=False)
class Handover:
    """Of one run."""

    wanted: bool = False
    done: bool = False
    """The state was taken: what this run still does is lost."""
    strands: int = 1
    askers: int = 0
    """Updates that wait for their answer: only this run can give it."""
    ready: Bell = field(default_factory=Bell)
    """Rings when nothing moves any more; by the time it is heard, something may move again."""
    _resting: int = 0

    @property
    def is_still(self) -> bool:
        """Nothing moves, and nobody waits for an answer."""
        return self._resting == self.strands and not self.askers

    @property
    def is_ready(self) -> bool:
        """Nothing moves any more."""
        return self.wanted and self._resting == self.strands

    @property
    def is_alone(self) -> bool:
        """Nothing moves but this strand, and nobody waits for it."""
        return self._resting == self.strands - 1 and not self.askers

    def want(self) -> None:
        """From now on each strand rests where it can."""
        self.wanted = True
        self._look()

    def split(self, strands: int) -> None:
        """Where there was one strand there are several."""
        self.strands += strands - 1

    def end(self, strands: int = 1) -> None:
        """Some strands are no more."""
        self.strands -= strands
        self._look()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """This strand waits for what it can wait for again.

        Raises:
            Left: it was woken too late.
        """
        self._resting += 1
        self._look()
        try:
            yield
        finally:
            if self.done:
                raise Left
            self._resting -= 1

    async def rest(self) -> None:
        """Do nothing more; only a request to stop ends this."""
        with self.resting():
            await asyncio.get_running_loop().create_future()

    def _look(self) -> None:
        if self.is_ready:
            self.ready.ring()


class Left(BaseException):
    """The state was taken before this strand was woken: by a timer, or a deadline, of the same moment. The next run
    will be woken by the same; here nothing more is to be done, and least of all to be cleaned up."""


class ContinueAsNew(Exception):
    """The run goes on as a new one, with this state (plain data, as `interpreter.snapshot` has written it)."""

    def __init__(self, state: dict[str, object], resting: asyncio.Future[Any]) -> None:
        super().__init__("continue as new")
        self.state = state
        self.resting = resting
        """What never goes on. As long as it is referred to, nothing of it is cleaned up."""
