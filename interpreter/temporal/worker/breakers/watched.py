"""The circuit breakers of one name, as this worker knows them."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from interpreter.effects import BreakerCall
from interpreter.shared_breaker.messages import Answer, Ask, Stamped
from interpreter.shared_breaker.view import GroupView, MustAsk, SharedState
from interpreter.shared_breaker.waiters import Waiter
from interpreter.state.breaker import Permit, Rejected
from interpreter.temporal.wire.breaker_events import BreakerListener, StateSeen
from interpreter.temporal.worker.breakers.entity import EntityBusy, EntityClient
from interpreter.temporal.worker.breakers.entity_history import EntityEnded, News
from interpreter.temporal.worker.breakers.reach import RETRY_PAUSE, Pace, Reach
from interpreter.temporal.worker.breakers.reporter import Reporter
from interpreter.temporal.worker.breakers.step_queue import StepQueue

HOLD = timedelta(seconds=1)
"""So long no other call asks after one was rejected. Most hear of a change before that, by the view."""

UNUSED = 600.0
"""A breaker is watched no more after so many seconds without a call, if no step waits."""


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
    reporter: Reporter = field(init=False)
    queue: StepQueue = field(init=False)
    _rpcs: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _busy_at: float = -math.inf
    """When the server has refused for the last time to ask the entity."""
    _first_look: asyncio.Event = field(default_factory=asyncio.Event)
    _used_at: float = 0.0
    _watching: asyncio.Task[None] | None = None
    _holds: dict[str, tuple[int, datetime]] = field(default_factory=dict[str, tuple[int, datetime]])
    """Key → the generation in which a call was rejected, and until when no other call asks."""

    def __post_init__(self) -> None:
        self.reach = Reach(self.entity.name, self.listener)
        self.reporter = Reporter(self.entity, self.worker, self.view, self.reach, self._hear)
        self.queue = StepQueue(self.entity, self.reach)

    @property
    def rpcs(self) -> int:
        """How often something was said to the entity."""
        return self._rpcs + self.reporter.sent + self.queue.sent

    async def prepare(self, call: BreakerCall, patience: timedelta) -> None:
        """Take over the settings of a call, and know the state. This costs nothing while it is watched.

        Args:
            call: What is known of the breaker.
            patience: How long the call can wait.
        """
        stamped = self.reporter.stamped
        if stamped is None or call.since > stamped.since:
            self.reporter.stamped = self.queue.stamped = Stamped(call.settings, call.since)
        self._used_at = asyncio.get_running_loop().time()
        if self._watching is None or self._watching.done():
            if not self.reach.may_try():
                return
            self._first_look.clear()
            self._watching = asyncio.create_task(self._watch(), name=f"watch {self.entity.name}")
        if not self._first_look.is_set() and self.reach.may_try():
            await self._wait_for_first_look(patience)

    def check(self, call: BreakerCall, now: datetime) -> Permit | Rejected | MustAsk:
        """Whether a call may go through, as far as this worker knows.

        Args:
            call: What is known of the breaker.
            now: By the clock of the server.
        """
        decision = self.view.check(call.key, now, call.known)
        generation, until = self._holds.get(call.key, (None, now))
        is_held = generation == self.view.of(call.key).generation != call.known  # else it was woken to ask
        if isinstance(decision, MustAsk) and is_held and now < until:
            return Rejected(until - now)
        return decision

    async def ask(
        self, call: BreakerCall, lease: timedelta, waiter: Waiter | None, patience: timedelta, now: datetime
    ) -> tuple[Answer, str] | None:
        """Ask for leave; None if the entity does not answer. With the id of the permit.

        One call asks at a time, because a server takes few updates of one workflow at once. After a rejection no
        other call asks for a moment. A call that does not get its turn in time is rejected: others get answers, so
        the entity lives.
        """
        if not self.reach.may_try():
            return None
        stamped = self.reporter.stamped
        assert stamped is not None
        message = Ask(stamped, call.key, uuid4().hex, lease, waiter)
        try:
            async with asyncio.timeout(patience.total_seconds()), self._turn:
                answer = await self._ask_in_turn(call, message, now)
        except TimeoutError as error:
            if asyncio.get_running_loop().time() - self._busy_at > patience.total_seconds():
                self.reach.lose(error)
                return None
            answer = Answer(None, retry_after=HOLD)
        except Exception as error:  # whatever is wrong with the entity must not stop the call
            self.reach.lose(error)
            return None
        if answer.generation is None:
            after = min(answer.retry_after or HOLD, HOLD)
            self._holds[call.key] = (self.view.of(call.key).generation, now + after)
        return answer, message.permit

    async def close(self) -> None:
        """Tell what is left, and watch no more."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
        await self.queue.close()
        await self.reporter.close()

    async def _ask_in_turn(self, call: BreakerCall, message: Ask, now: datetime) -> Answer:
        pace = Pace()
        while True:
            # another call may have learnt it while this one waited
            match self.check(call, now):
                case Permit(generation):
                    return Answer(generation)
                case Rejected(retry_after):
                    return Answer(None, retry_after=retry_after)
                case MustAsk():
                    pass
            self._rpcs += 1
            try:
                answer, news = await self.entity.ask(message)
            except EntityBusy:
                self._busy_at = asyncio.get_running_loop().time()
                pace.slow_down()
                await pace.wait()
                continue
            self.reach.find_again()
            self._hear(news)
            return answer

    async def _wait_for_first_look(self, patience: timedelta) -> None:
        """Wait until the state is known. If that takes too long, no other call waits for it again."""
        try:
            async with asyncio.timeout(patience.total_seconds()):
                await self._first_look.wait()
        except TimeoutError:
            self._first_look.set()
            self.reach.lose("no worker runs its entity")

    def _hear(self, news: News) -> None:
        if news.base is not None:
            self.view.learn_base(news.base)
        for key, told in news.views.items():
            if told is None:
                self.view.forget(key)
            elif self.view.learn(key, told):
                self.listener(self.entity.name, StateSeen(key, told.state, told.cause, told.by))
        self.queue.known.learn(news.waiting, news.gone)
        if news.views:
            self.reporter.note_change()

    def _forget_all(self) -> None:
        """Take all breakers for closed, as the next run of the entity does."""
        self.queue.known.abandon()
        for key, known in self.view.forget_all().items():
            if known.state is not SharedState.CLOSED:
                seen = StateSeen(key, SharedState.CLOSED, "what was known of it has ended")
                self.listener(self.entity.name, seen)
        self.reporter.note_change()

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
            self.reach.find_again()
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
                    self.queue.known.learn(news.waiting, news.gone)
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
