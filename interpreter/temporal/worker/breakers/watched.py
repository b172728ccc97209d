"""The circuit breakers of one name, as this worker knows them; and what it has to tell of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from interpreter.effects import BreakerCall
from interpreter.shared_breaker.messages import Answer, Ask, Stamped, Tell
from interpreter.shared_breaker.report import CallResult, Entry, Report
from interpreter.shared_breaker.view import GroupView, MustAsk, SharedState
from interpreter.shared_breaker.waiters import Waiter
from interpreter.state.breaker import Permit, Rejected, is_slow
from interpreter.temporal.wire.breaker_events import BreakerListener, NotReached, ReachedAgain, StateSeen
from interpreter.temporal.worker.breakers.entity import EntityClient, EntityEnded, News

SUCCESS_DELAY = 0.2
"""Seconds for which successes are collected before they are told."""

ARRIVALS_DELAY = 0.05
"""Seconds for which steps that wait are collected before they are told."""

HOLD = timedelta(seconds=1)
"""So long no other call asks after one was rejected. Most hear of a change before that, by the view."""

RETRY_PAUSE = 5.0
"""Seconds after which an entity that did not answer is tried again."""

UNUSED = 600.0
"""A breaker is watched no more after so many seconds without a call."""


@dataclass(slots=True, eq=False)
class WatchedBreakers:
    """The view of one name: kept up to date as long as there are calls."""

    entity: EntityClient
    worker: str
    """Names this worker in its reports."""
    listener: BreakerListener
    """Hears what this worker sees."""
    view: GroupView = field(default_factory=GroupView)
    rpcs: int = 0
    """How often something was said to the entity."""
    is_reachable: bool = True
    _stamped: Stamped | None = None
    _report: Report = field(default_factory=Report)
    _sent: Tell | None = None
    """A report without an answer. It may have arrived: it is sent again as it was, before the next one."""
    _number: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _first_look: asyncio.Event = field(default_factory=asyncio.Event)
    _used_at: float = 0.0
    _retry_at: float = 0.0
    _watching: asyncio.Task[None] | None = None
    _telling: asyncio.Task[None] | None = None
    _holds: dict[str, tuple[int, datetime]] = field(default_factory=dict[str, tuple[int, datetime]])
    """Key → the generation in which a call was rejected, and until when no other call asks."""
    _arrivals: list[tuple[str, Waiter]] = field(default_factory=list[tuple[str, Waiter]])
    _queueing: asyncio.Task[bool] | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    async def prepare(self, call: BreakerCall, patience: timedelta) -> None:
        """Take over the settings of a call, and know the state. This costs nothing while it is watched.

        Args:
            call: What is known of the breaker.
            patience: How long the call can wait.
        """
        stamped = self._stamped
        if stamped is None or call.since > stamped.since:
            self._stamped = Stamped(call.settings, call.since)
        self._used_at = asyncio.get_running_loop().time()
        if self._watching is None or self._watching.done():
            if self._used_at < self._retry_at:
                return
            self._first_look.clear()
            self._watching = asyncio.create_task(self._watch(), name=f"watch {self.entity.name}")
        if not self._first_look.is_set() and self._used_at >= self._retry_at:
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
        other call asks for a moment.
        """
        if asyncio.get_running_loop().time() < self._retry_at:
            return None
        assert self._stamped is not None
        permit = uuid4().hex
        message = Ask(self._stamped, call.key, permit, lease, waiter)
        try:
            async with asyncio.timeout(patience.total_seconds()), self._turn:
                if isinstance(decision := self.check(call, now), Permit | Rejected):
                    return _answer_locally(decision), permit
                self.rpcs += 1
                answer, news = await self.entity.ask(message)
        except Exception as error:  # whatever is wrong with the entity must not stop the call
            self._lose(error)
            return None
        self._find_again()
        self._hear(news)
        if answer.generation is None:
            after = min(answer.retry_after or HOLD, HOLD)
            self._holds[call.key] = (self.view.of(call.key).generation, now + after)
        return answer, permit

    async def let_wait(self, key: str, waiter: Waiter, patience: timedelta) -> bool:
        """Tell that a step waits, together with others; whether the entity has heard of it."""
        if asyncio.get_running_loop().time() < self._retry_at:
            return False
        self._arrivals.append((key, waiter))
        if self._queueing is None:
            self._queueing = asyncio.create_task(self._send_arrivals())
        sending = self._queueing
        await asyncio.wait([sending], timeout=patience.total_seconds())
        return sending.done() and not sending.cancelled() and sending.result()

    async def tell(self, key: str, entry: Entry, patience: timedelta | None) -> None:
        """Report how a call went.

        Args:
            key: Of the breaker.
            entry: How it went.
            patience: How long to wait until that was taken; None: it can be told later, together with others.
        """
        self._report.add(key, entry)
        if patience is not None:
            sending = asyncio.create_task(self._send())
            self._tasks.add(sending)
            sending.add_done_callback(self._tasks.discard)
            await asyncio.wait([sending], timeout=patience.total_seconds())
        elif self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._send_later())

    async def close(self) -> None:
        """Tell what is left, and watch no more."""
        for task in (self._watching, self._telling, self._queueing):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self._send()

    async def _wait_for_first_look(self, patience: timedelta) -> None:
        """Wait until the state is known. If that takes too long, no other call waits for it again."""
        try:
            async with asyncio.timeout(patience.total_seconds()):
                await self._first_look.wait()
        except TimeoutError:
            self._first_look.set()
            self._lose("no worker runs its entity")

    def _find_again(self) -> None:
        if not self.is_reachable:
            self.is_reachable, self._retry_at = True, 0.0
            self.listener(self.entity.name, ReachedAgain())

    def _hear(self, news: News) -> None:
        if news.base is not None:
            self.view.learn_base(news.base)
        for key, told in news.views.items():
            if told is None:
                self.view.forget(key)
            elif self.view.learn(key, told):
                self.listener(self.entity.name, StateSeen(key, told.state, told.cause, told.by))

    def _forget_all(self) -> None:
        """Take all breakers for closed, as the next run of the entity does."""
        before, self.view = self.view.breakers, GroupView(self.view.base)
        for key, known in before.items():
            if known.state is not SharedState.CLOSED:
                seen = StateSeen(key, SharedState.CLOSED, "what was known of it has ended")
                self.listener(self.entity.name, seen)

    def _lose(self, error: BaseException | str) -> None:
        self._retry_at = asyncio.get_running_loop().time() + RETRY_PAUSE
        was_reached, self.is_reachable = self.is_reachable, False
        self.listener(self.entity.name, NotReached(str(error) or type(error).__name__, was_reached))

    async def _send_arrivals(self) -> bool:
        await asyncio.sleep(ARRIVALS_DELAY)
        arrivals, self._arrivals, self._queueing = self._arrivals, [], None
        self.rpcs += 1
        try:
            await self.entity.let_wait(arrivals)
        except Exception as error:
            self._lose(error)
            return False
        self._find_again()
        return True

    async def _send_later(self) -> None:
        await asyncio.sleep(SUCCESS_DELAY)
        await self._send()

    async def _send(self) -> None:
        """Send what is to be told; several callers at once send it together."""
        async with self._turn:
            while self._sent is not None or self._report:
                if asyncio.get_running_loop().time() < self._retry_at:
                    return
                await self._send_one()

    async def _send_one(self) -> None:
        assert self._stamped is not None
        if self._sent is None:
            self._number += 1
            self._sent = Tell(self._stamped, self.worker, self._number, self._report)
            self._report = Report()
        self.rpcs += 1
        try:
            news = await self.entity.tell(self._sent)
        except Exception as error:
            self._lose(error)
            return
        self._sent = None
        self._find_again()
        self._hear(news)

    async def _watch(self) -> None:
        """Keep the view up to date until there are no more calls, or the entity has ended."""
        loop = asyncio.get_running_loop()
        try:
            self.rpcs += 1
            run_id = await self.entity.start()
            self._find_again()
            async for news in self.entity.watch(run_id):
                self._hear(news)
                if self.view.base:
                    self._first_look.set()
                if loop.time() - self._used_at > UNUSED:
                    return
        except EntityEnded:
            self._forget_all()
        except Exception as error:
            self._lose(error)
        finally:
            self._first_look.set()


def _answer_locally(decision: Permit | Rejected) -> Answer:
    """What another call has learnt while this one waited for its turn."""
    if isinstance(decision, Permit):
        return Answer(decision.generation)
    return Answer(None, retry_after=decision.retry_after)


def classify(call: BreakerCall, failed: bool, took: timedelta) -> CallResult:
    """How a call went that says something about the service."""
    slow = is_slow(call.settings, took)
    if failed:
        return CallResult.SLOW_FAILURE if slow else CallResult.FAILURE
    return CallResult.SLOW_SUCCESS if slow else CallResult.SUCCESS
