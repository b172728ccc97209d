"""The circuit breakers of one name, as this worker knows them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from interpreter.effects import BreakerCall
from interpreter.shared_breaker.messages import Ask, Stamped
from interpreter.shared_breaker.report import CallResult, Entry
from interpreter.shared_breaker.view import GroupView, MustAsk, SharedState
from interpreter.shared_breaker.waiters import Waiter
from interpreter.state.breaker import Permit, Rejected
from interpreter.temporal.wire.breaker_events import BreakerListener, StateSeen
from interpreter.temporal.worker.breakers.entity import EntityClient
from interpreter.temporal.worker.breakers.entity_history import EntityEnded, News
from interpreter.temporal.worker.breakers.messenger import Messenger
from interpreter.temporal.worker.breakers.reach import RETRY_PAUSE, Reach
from interpreter.temporal.worker.breakers.step_queue import StepQueue

HOLD = timedelta(seconds=1)
"""What a call is told to wait that the entity was too busy to answer, or that others were quicker than."""

UNUSED = 600.0
"""A breaker is watched no more after so many seconds without a call, if no step waits."""

PERMIT_LETTERS = 12
"""An id of a permit has so many, because it is part of the view."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A call that was let through."""

    generation: int
    permit: str | None = None
    """The id of the permit, if the call is a probe."""


@dataclass(slots=True, eq=False)
class WatchedBreakers:
    """The view of one name: kept up to date as long as there are calls."""

    entity: EntityClient
    worker: str
    """Names this worker in its reports."""
    listener: BreakerListener
    """Hears what this worker sees."""
    view: GroupView = field(default_factory=GroupView)
    reach: Reach = field(init=False)
    messenger: Messenger = field(init=False)
    queue: StepQueue = field(init=False)
    _rpcs: int = 0
    _first_look: asyncio.Event = field(default_factory=asyncio.Event)
    _used_at: float = 0.0
    _watching: asyncio.Task[None] | None = None
    _given_up: set[str] = field(default_factory=set[str])
    """The ids of permits for which nobody waits any more."""

    def __post_init__(self) -> None:
        self.reach = Reach(self.entity.name, self.listener)
        self.messenger = Messenger(self.entity, self.worker, self.view, self.reach)
        self.queue = StepQueue(self.entity, self.reach)

    @property
    def rpcs(self) -> int:
        """How often something was said to the entity."""
        return self._rpcs + self.messenger.sent + self.queue.sent

    async def prepare(self, call: BreakerCall, patience: timedelta) -> None:
        """Take over the settings of a call, and know the state. This costs nothing while it is watched.

        Args:
            call: What is known of the breaker.
            patience: How long the call can wait.
        """
        stamped = self.messenger.stamped
        if stamped is None or call.since > stamped.since:
            self.messenger.stamped = self.queue.stamped = Stamped(call.settings, call.since)
        self._used_at = asyncio.get_running_loop().time()
        if self._watching is None or self._watching.done():
            if not self.reach.may_try():
                return
            self._first_look.clear()
            self._watching = asyncio.create_task(
                self._watch(), name=f"watch {self.entity.name}", context=Context()
            )
        if not self._first_look.is_set() and self.reach.may_try():
            await self._wait_for_first_look(patience)

    def check(self, call: BreakerCall, now: datetime) -> Permit | Rejected | MustAsk:
        """Whether a call may go through, as far as this worker knows.

        Args:
            call: What is known of the breaker.
            now: By the clock of the server.
        """
        return self.view.check(call.key, now, call.known)

    async def ask(
        self, call: BreakerCall, lease: timedelta, waiter: Waiter | None, patience: timedelta, now: datetime
    ) -> Admission | Rejected | None:
        """Ask for leave; None if the entity does not answer.

        A call that gets no answer in time from an entity that is only busy is rejected: its breaker is not closed.
        """
        if not self.reach.may_try():
            return None
        ask = Ask(call.key, uuid4().hex[:PERMIT_LETTERS], lease, waiter)
        if not await self.messenger.ask(ask, patience):
            self._given_up.add(ask.permit)
            return Rejected(HOLD) if self.reach.may_try() and self.reach.is_alive() else None
        seen = self.view.of(call.key)
        if ask.permit in seen.permits:
            return Admission(seen.generation, ask.permit)
        match self.view.check(call.key, now):
            case Permit(generation):
                return Admission(generation)
            case Rejected() as rejected:
                return rejected
            case MustAsk():
                return Rejected(HOLD)

    async def close(self) -> None:
        """Tell what is left, and watch no more."""
        await self.queue.close()
        await self.messenger.close()
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching

    async def _wait_for_first_look(self, patience: timedelta) -> None:
        """Wait until the state is known. If that takes too long, no other call waits for it again."""
        try:
            async with asyncio.timeout(patience.total_seconds()):
                await self._first_look.wait()
        except TimeoutError:
            self._first_look.set()
            self.reach.lose("no worker runs its entity")

    def _hear(self, news: News) -> None:
        if news.has_worked:
            self.reach.note_life()
        if news.base is not None:
            self.view.learn_base(news.base)
        for key, told in news.views:
            if told is None:
                self.view.forget(key)
            elif self.view.learn(key, told):
                self.listener(self.entity.name, StateSeen(key, told.state, told.cause, told.by))
        self.queue.known.learn(news.waits)
        if self.messenger.note_taken(news.taken):
            self._give_back()
        elif news.views:
            self.messenger.note_change()

    def _give_back(self) -> None:
        """Bring back permits that have come too late."""
        for key, seen in self.view.breakers.items():
            for permit in self._given_up.intersection(seen.permits):
                self.messenger.tell_later(key, Entry(seen.generation, CallResult.NOTHING, permit=permit))
        self._given_up.clear()

    def _forget_all(self) -> None:
        """Take all breakers for closed, as the next run of the entity does."""
        self.queue.known.abandon()
        self.messenger.note_another_run()
        for key, known in self.view.forget_all().items():
            if known.state is not SharedState.CLOSED:
                seen = StateSeen(key, SharedState.CLOSED, "what was known of it has ended")
                self.listener(self.entity.name, seen)
        self.messenger.note_change()

    async def _watch(self) -> None:
        """Keep the view up to date until there are no more calls and nobody waits, or the entity has ended."""
        try:
            while await self._watch_once():
                pass
        finally:
            self._first_look.set()

    async def _watch_once(self) -> bool:
        """Watch one entity, as long as it can be reached.

        Returns:
            Whether to go on: an entity that was terminated can't wake who has waited at it, but the next one can.
        """
        self._rpcs += 1
        try:
            run_id = await self._find_entity()
            self.messenger.note_another_run()
            self.queue.rescue()
            await self._follow(run_id)
            return False
        except EntityEnded:
            self._forget_all()
        except Exception as error:
            self.reach.lose(error)
            self._first_look.set()
            await asyncio.sleep(RETRY_PAUSE)
        return bool(self.queue.known)

    async def _find_entity(self) -> str:
        """Find the run of the entity, or start it. If the last one was terminated, read who has waited at it."""
        last = await self.entity.find()
        if last is not None and last.is_running:
            return last.run_id
        if last is not None and not last.has_completed:
            with suppress(EntityEnded):
                async for news in self.entity.history.watch(last.run_id):
                    self.queue.known.learn(news.waits)
            self.queue.known.abandon()
        return await self.entity.start()

    async def _follow(self, run_id: str) -> None:
        """
        Raises:
            EntityEnded: the entity has ended before there were no more calls.
        """
        async for news in self.entity.history.watch(run_id):
            self._hear(news)
            if self.view.base:
                self._first_look.set()
            unused = asyncio.get_running_loop().time() - self._used_at
            if unused > UNUSED and not self.queue.known:
                return
