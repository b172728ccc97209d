"""Tell an entity how calls went, and ask it for permits: one message at a time, and what comes meanwhile is merged.

A message is a signal. A server takes only ten updates of a workflow at a time, and each one that it refuses delays
the others, so many workers would get no answers. Signals it takes from all of them. The answer to a message is the
view: the worker reads in the history of the entity that its message was taken, and then knows what it has changed. So
a busy entity slows down those who tell it something, and they have the more to tell with the next message.

An attempt that has failed waits here until that was taken, or no longer matters: its slot must not take the next call
before this worker knows what the failure has changed. When the view shows that the state has changed meanwhile, what
was not yet told would be ignored, and is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field
from datetime import timedelta

from interpreter.shared_breaker.messages import Ask, Stamped, Tell
from interpreter.shared_breaker.report import Entry, Report
from interpreter.shared_breaker.view import GroupView
from interpreter.temporal.wire.breaker_events import CallEvent
from interpreter.temporal.worker.breakers.entity import PATIENCE, EntityBusy, EntityClient
from interpreter.temporal.worker.breakers.entity_history import build_sender
from interpreter.temporal.worker.breakers.reach import Pace, Reach

SUCCESS_DELAY = 0.2
"""Seconds for which successes are collected before they are told."""


@dataclass(slots=True, eq=False)
class Messenger:
    """Speaks to the entity of one name, for all calls of this worker."""

    entity: EntityClient
    worker: str
    """Names this worker in its messages."""
    view: GroupView
    reach: Reach
    stamped: Stamped | None = None
    """The latest settings that this worker has seen."""
    sent: int = 0
    """How often a message was sent."""
    _report: Report = field(default_factory=Report)
    _asks: list[Ask] = field(default_factory=list[Ask])
    _message: Tell | None = None
    """It is on its way, or has arrived and was not yet taken."""
    _has_arrived: bool = False
    _number: int = 0
    _added: int = 0
    """How many entries and questions were ever added."""
    _sent_upto: int = 0
    """So many of them were part of a message."""
    _taken: int = 0
    """So many of them the entity has taken."""
    _settled: int = 0
    """So many of them nobody waits for any more."""
    _pace: Pace = field(default_factory=Pace)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _sending: asyncio.Task[None] | None = None
    _later: asyncio.TimerHandle | None = None

    async def tell(self, key: str, entry: Entry, patience: timedelta) -> None:
        """Report how a call went, and wait until that was taken.

        Args:
            key: Of the breaker.
            entry: How it went.
            patience: How long to wait.
        """
        self._report.add(key, entry)
        self._added += 1
        self._start()
        await self._wait(patience, lambda: not self._matters(key, entry))

    def tell_later(self, key: str, entry: Entry) -> None:
        """Report how a call went, together with others."""
        self._report.add(key, entry)
        self._added += 1
        if self._later is None:
            self._later = asyncio.get_running_loop().call_later(SUCCESS_DELAY, self._start)

    async def ask(self, ask: Ask, patience: timedelta) -> bool:
        """Ask for leave to make a call. Whether the entity has taken that in time: then the view has the answer."""
        self._asks.append(ask)
        self._added += 1
        mine = self._added
        self._start()
        await self._wait(patience, lambda: False)
        if self._taken < mine and ask in self._asks:
            self._asks.remove(ask)
        return self._taken >= mine

    def note_change(self) -> None:
        """Let those who wait look at the view again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def note_taken(self, senders: Sequence[str]) -> bool:
        """Look whether the entity has taken the message that was sent last.

        Args:
            senders: What `build_sender` has made of the messages that the entity has taken now.
        """
        if self._message is None or build_sender(self.entity.client, self._message) not in senders:
            return False
        self._clear()
        return True

    def note_another_run(self) -> None:
        """Note that the history is watched from another run on, or that the entity has ended.

        A message that has arrived before was taken, or is gone: nobody can see that any more.
        """
        if self._has_arrived:
            self._clear()

    async def close(self) -> None:
        """Tell what is left, if that takes no longer than an answer may."""
        self._start()
        assert self._sending is not None
        with suppress(TimeoutError):
            await asyncio.wait_for(self._sending, PATIENCE.total_seconds())

    async def _wait(self, patience: timedelta, is_pointless: Callable[[], bool]) -> None:
        mine = self._added
        with suppress(TimeoutError):
            async with asyncio.timeout(patience.total_seconds()):
                while self._settled < mine and not is_pointless():
                    await self._changed.wait()

    def _start(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(
                self._send_all(), name=f"tell {self.entity.name}", context=Context()
            )

    async def _send_all(self) -> None:
        try:
            while self.reach.may_try() and self._has_to_tell():
                await self._pace.wait()
                if not self._has_arrived and self._has_to_tell():  # still, after the pause
                    await self._send_one()
                if self._has_arrived:
                    await self._wait_until_taken()
        finally:
            self._settle(self._added)

    def _has_to_tell(self) -> bool:
        dropped = self._report.drop(lambda key, entry: not self._matters(key, entry))
        for _ in range(dropped):
            self.reach.listener(self.entity.name, CallEvent.IGNORED)
        return self._message is not None or bool(self._report) or bool(self._asks)

    def _matters(self, key: str, entry: Entry) -> bool:
        """Whether the group would count it, as far as is known. A permit is brought back in any case."""
        return entry.permit is not None or self.view.is_current(key, entry.generation)

    async def _send_one(self) -> None:
        assert self.stamped is not None
        message = self._message
        if message is None:
            self._number += 1
            asks = tuple(self._asks)
            message = Tell(self.stamped, self.worker, self._number, self._report, asks)
            self._message, self._sent_upto = message, self._added
            self._report, self._asks = Report(), []
        self.sent += 1
        try:
            await self.entity.tell(message)
        except EntityBusy:
            self._pace.slow_down()
        except Exception as error:  # it may have arrived, and is sent again as it was
            self.reach.lose(error)
        else:
            self._has_arrived = self._message is message  # it may have been taken already

    async def _wait_until_taken(self) -> None:
        """Wait as long as the entity shows signs of life."""
        while self._has_arrived:
            changed = self._changed
            try:
                await asyncio.wait_for(changed.wait(), PATIENCE.total_seconds())
            except TimeoutError:
                if not self.reach.is_alive():
                    self.reach.lose("no worker runs its entity")
                    return

    def _clear(self) -> None:
        self._message, self._has_arrived = None, False
        self._taken = self._sent_upto
        self._pace.speed_up()
        self._settle(self._sent_upto)

    def _settle(self, upto: int) -> None:
        self._settled = max(self._settled, upto)
        self.note_change()
