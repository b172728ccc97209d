"""Tell an entity how calls went: one report at a time, and what comes meanwhile is merged into the next.

An attempt that has failed waits here until its report was taken, or no longer matters: its slot must not take the
next call before this worker knows what the failure has changed. While an entity is busy, reports wait, and grow. When
the view shows that the state has changed meanwhile, what was not yet told would be ignored, and is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from interpreter.shared_breaker.messages import Stamped, Tell
from interpreter.shared_breaker.report import Entry, Report
from interpreter.shared_breaker.view import GroupView
from interpreter.temporal.wire.breaker_events import CallEvent
from interpreter.temporal.worker.breakers.entity import PATIENCE, EntityBusy, EntityClient
from interpreter.temporal.worker.breakers.entity_history import News
from interpreter.temporal.worker.breakers.reach import Pace, Reach

SUCCESS_DELAY = 0.2
"""Seconds for which successes are collected before they are told."""


@dataclass(slots=True, eq=False)
class Reporter:
    """Tells the entity of one name what this worker has seen."""

    entity: EntityClient
    worker: str
    """Names this worker in its reports."""
    view: GroupView
    reach: Reach
    hear: Callable[[News], None]
    """Takes the answers."""
    stamped: Stamped | None = None
    """The latest settings that this worker has seen."""
    sent: int = 0
    """How often a report was sent."""
    _report: Report = field(default_factory=Report)
    _unanswered: Tell | None = None
    """A report that may have arrived, or not: it is sent again as it was, before the next one."""
    _number: int = 0
    _added: int = 0
    """How many entries were ever added."""
    _settled: int = 0
    """So many of them nobody waits for any more."""
    _pace: Pace = field(default_factory=Pace)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _sending: asyncio.Task[None] | None = None
    _later: asyncio.TimerHandle | None = None

    async def tell(self, key: str, entry: Entry, patience: timedelta | None) -> None:
        """Report how a call went.

        Args:
            key: Of the breaker.
            entry: How it went.
            patience: How long to wait until that was taken; None: it can be told later, together with others.
        """
        self._report.add(key, entry)
        self._added += 1
        if patience is None:
            if self._later is None:
                self._later = asyncio.get_running_loop().call_later(SUCCESS_DELAY, self._start)
            return
        mine = self._added
        self._start()
        with suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()):
                while self._settled < mine and self._matters(key, entry):
                    await self._changed.wait()

    def note_change(self) -> None:
        """Let those who wait look at the view again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def close(self) -> None:
        """Tell what is left, if that takes no longer than an answer may."""
        self._start()
        assert self._sending is not None
        with suppress(TimeoutError):
            await asyncio.wait_for(self._sending, PATIENCE.total_seconds())

    def _start(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all(), name=f"report to {self.entity.name}")

    async def _send_all(self) -> None:
        try:
            while self.reach.may_try() and self._has_to_tell():
                await self._pace.wait()
                if self._has_to_tell():  # still, after the pause
                    await self._send_one()
        finally:
            self._settle(self._added)

    def _has_to_tell(self) -> bool:
        dropped = self._report.drop(lambda key, entry: not self._matters(key, entry))
        for _ in range(dropped):
            self.reach.listener(self.entity.name, CallEvent.IGNORED)
        return self._unanswered is not None or bool(self._report)

    def _matters(self, key: str, entry: Entry) -> bool:
        """Whether the group would count it, as far as is known. A permit is brought back in any case."""
        return entry.permit is not None or self.view.is_current(key, entry.generation)

    async def _send_one(self) -> None:
        assert self.stamped is not None
        message, upto = self._unanswered, self._settled
        if message is None:
            self._number += 1
            message, upto = Tell(self.stamped, self.worker, self._number, self._report), self._added
            self._report = Report()
        self.sent += 1
        try:
            news = await self.entity.tell(message)
        except EntityBusy:
            self._pace.slow_down()
            if self._unanswered is None:  # it has certainly not arrived, so it can still grow
                self._number -= 1
                self._report = message.report.merge(self._report)
            return
        except BaseException as error:  # also if this worker ends
            self._unanswered = message
            if not isinstance(error, Exception):
                raise
            self.reach.lose(error)
            return
        self._unanswered = None
        self._pace.speed_up()
        self.reach.find_again()
        self.hear(news)
        self._settle(upto)

    def _settle(self, upto: int) -> None:
        self._settled = upto
        self.note_change()
