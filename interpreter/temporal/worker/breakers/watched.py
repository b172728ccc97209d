"""The circuit breakers of one name, as this worker knows them; and what it has to tell of them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError

from interpreter.effects import BreakerCall
from interpreter.shared_breaker.messages import Answer, Ask, Stamped, Tell
from interpreter.shared_breaker.report import CallResult, Entry, Report
from interpreter.shared_breaker.view import GroupView
from interpreter.shared_breaker.waiters import Waiter
from interpreter.temporal.worker.breakers.counters import BreakerCount, BreakerCounters
from interpreter.temporal.worker.breakers.entity import EntityClient, EntityEnded, News

logger = logging.getLogger("stepfile.breakers")

SUCCESS_DELAY = 0.2
"""Seconds for which successes are collected before they are told."""

RETRY_PAUSE = 5.0
"""Seconds after which an entity that did not answer is tried again."""

UNUSED = 600.0
"""A breaker is watched no more after so many seconds without a call."""

UNREACHABLE = (
    RPCError,
    TimeoutError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
"""What temporalio raises if an entity does not answer."""


@dataclass(slots=True, eq=False)
class WatchedBreakers:
    """The view of one name: kept up to date as long as there are calls."""

    entity: EntityClient
    worker: str
    """Names this worker in its reports."""
    view: GroupView = field(default_factory=GroupView)
    counters: BreakerCounters = field(default_factory=BreakerCounters)
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

    async def ask(
        self, call: BreakerCall, lease: timedelta, waiter: Waiter | None, patience: timedelta
    ) -> tuple[Answer, str] | None:
        """Ask for leave; None if the entity does not answer. With the id of the permit."""
        if asyncio.get_running_loop().time() < self._retry_at:
            return None
        assert self._stamped is not None
        permit = uuid4().hex
        self.counters.count(BreakerCount.RPCS)
        try:
            async with asyncio.timeout(patience.total_seconds()):
                answer, news = await self.entity.ask(Ask(self._stamped, call.key, permit, lease, waiter))
        except UNREACHABLE as error:
            self._lose(error)
            return None
        self._find_again()
        self._hear(news)
        return answer, permit

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
        for task in (self._watching, self._telling):
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
            logger.warning('circuit breaker "%s" can be reached again', self.entity.name)

    def _hear(self, news: News) -> None:
        if news.base is not None:
            self.view.learn_base(news.base)
        for key, told in news.views.items():
            if told is None:
                self.view.forget(key)
            elif self.view.learn(key, told):
                self.counters.count(BreakerCount.TRANSITIONS)
                name = f'"{self.entity.name}"' + (f" ({key})" if key else "")
                logger.info("circuit breaker %s is %s now", name, told.state.value.replace("_", " "))

    def _lose(self, error: BaseException | str) -> None:
        self.counters.count(BreakerCount.UNREACHABLE)
        self._retry_at = asyncio.get_running_loop().time() + RETRY_PAUSE
        if self.is_reachable:
            self.is_reachable = False
            logger.warning(
                'circuit breaker "%s" can\'t be reached, so it lets all calls through that it does not know to be '
                "unwelcome: %s",
                self.entity.name,
                str(error) or type(error).__name__,
            )

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
        self.counters.count(BreakerCount.RPCS)
        try:
            news = await self.entity.tell(self._sent)
        except UNREACHABLE as error:
            self._lose(error)
            return
        self._sent = None
        self._find_again()
        self._hear(news)

    async def _watch(self) -> None:
        """Keep the view up to date until there are no more calls, or the entity has ended."""
        loop = asyncio.get_running_loop()
        try:
            self.counters.count(BreakerCount.RPCS)
            run_id = await self.entity.start()
            self._find_again()
            async for news in self.entity.watch(run_id):
                self._hear(news)
                if self.view.base:
                    self._first_look.set()
                if loop.time() - self._used_at > UNUSED:
                    return
        except EntityEnded:
            self.view = GroupView(self.view.base)
        except UNREACHABLE as error:
            self._lose(error)
        finally:
            self._first_look.set()


def classify(call: BreakerCall, failed: bool, took: timedelta) -> CallResult:
    """How a call went that says something about the service."""
    settings = call.settings
    limit = settings.slow_call_duration_threshold
    slow = settings.slow_call_rate_threshold is not None and limit is not None and took > limit
    if failed:
        return CallResult.SLOW_FAILURE if slow else CallResult.FAILURE
    return CallResult.SLOW_SUCCESS if slow else CallResult.SUCCESS
