"""Stand between each attempt of an activity and the shared circuit breaker that guards what it calls."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError, CancelledError

from interpreter.effects import BreakerCall
from interpreter.failure.error_types import UNCERTAIN
from interpreter.failure.failure import Failure, Outcome
from interpreter.shared_breaker.report import CallResult, Entry
from interpreter.shared_breaker.view import MustAsk, SharedState
from interpreter.shared_breaker.waiters import Waiter
from interpreter.state.breaker import Permit, Rejected, Verdict, judge
from interpreter.state.breaker_rejection import Rejection
from interpreter.temporal.wire.breaker_events import BreakerListener, CallEvent
from interpreter.temporal.worker.attempt_timeout import compute_limit
from interpreter.temporal.worker.breakers.entity import PATIENCE, EntityClient
from interpreter.temporal.worker.breakers.rejection import AttemptRejected, build_rejection
from interpreter.temporal.worker.breakers.watched import Admission, WatchedBreakers

T = TypeVar("T")

LEASE_MARGIN = timedelta(seconds=10)
"""How much longer a permit for a probe is valid than its call may take."""

PATIENCE_SHARE = 0.4
"""The part of its timeouts for which an attempt waits for the entity: before it begins its work, and after it."""

LONGEST_CALL = timedelta(hours=1)
"""How long a call may take of which nobody says so."""


@dataclass(slots=True, eq=False)
class BreakerGuard:
    """The shared circuit breakers, as one worker sees them."""

    client: Client
    """It has no plugins."""
    serve_entities: Callable[[Client], AbstractAsyncContextManager[None]]
    """Runs entities while it is entered: from the first guarded attempt on."""
    listener: BreakerListener
    """Hears what happens at the breakers."""
    watched: dict[str, WatchedBreakers] = field(default_factory=dict)
    _identity: str = field(default_factory=lambda: uuid4().hex)
    _serving: AbstractAsyncContextManager[None] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """While this is entered, attempts can be guarded; then what is left to tell is told."""
        try:
            yield
        finally:
            await asyncio.gather(*(each.close() for each in self.watched.values()), return_exceptions=True)
            if self._serving is not None:
                await self._serving.__aexit__(None, None, None)

    async def run(self, call: BreakerCall, info: activity.Info, attempt: Callable[[], Awaitable[T]]) -> T:
        """Make an attempt, if the breaker lets it through.

        Raises:
            AttemptRejected: it does not.
        """
        watched = await self._watch(call.name)
        await watched.prepare(call, _compute_patience(info))
        admission = await self._admit(watched, call, info)
        began = time.monotonic()
        try:
            result = await attempt()
        except BaseException as error:
            await self._leave(watched, call, admission, _judge(call, error), began, info)
            raise
        await self._leave(watched, call, admission, Verdict.SUCCESS, began, info)
        return result

    async def _watch(self, name: str) -> WatchedBreakers:
        if self._serving is None:
            self._serving = self.serve_entities(self.client)
            await self._serving.__aenter__()
        if name not in self.watched:
            entity = EntityClient(self.client, name)
            self.watched[name] = WatchedBreakers(entity, self._identity, self.listener)
        return self.watched[name]

    async def _admit(self, watched: WatchedBreakers, call: BreakerCall, info: activity.Info) -> Admission:
        now, patience = info.started_time, _compute_patience(info)
        decision = watched.check(call, now)
        waiter = Waiter(info.workflow_id or "", call.waiter) if call.waiter is not None else None
        admission: Admission | Rejected | None
        match decision:
            case MustAsk():
                lease = (compute_limit(info) or LONGEST_CALL) + LEASE_MARGIN
                admission = await watched.ask(call, lease, waiter, patience, now)
                if admission is None:  # nobody answers: healthy work must go on
                    admission = Admission(watched.view.of(call.key).generation)
            case Permit(generation):
                admission = Admission(generation)
            case Rejected():
                admission = decision
        if isinstance(admission, Admission):
            self.listener(call.name, CallEvent.PERMITTED)
            return admission
        queued = waiter is not None and await watched.queue.let_wait(call.key, waiter, patience)
        raise self._reject(watched, call, info, admission.retry_after, queued=queued)

    def _reject(
        self,
        watched: WatchedBreakers,
        call: BreakerCall,
        info: activity.Info,
        retry_after: timedelta | None,
        *,
        queued: bool,
    ) -> AttemptRejected:
        self.listener(call.name, CallEvent.REJECTED)
        state = watched.view.of(call.key).state.value
        rejection = Rejection.plan(call, state, retry_after, queued=queued, random=random.random())
        return build_rejection(call, rejection, info.attempt - 1)

    async def _leave(
        self,
        watched: WatchedBreakers,
        call: BreakerCall,
        admission: Admission,
        verdict: Verdict,
        began: float,
        info: activity.Info,
    ) -> None:
        """Tell how an attempt went, if that is of interest."""
        result = CallResult.NOTHING
        if verdict is not Verdict.NOTHING:
            took = timedelta(seconds=time.monotonic() - began)
            result = CallResult.of(call.settings, verdict is Verdict.FAILURE, took)
        entry = Entry(admission.generation, result, permit=admission.permit)
        patience = _compute_patience(info)
        if admission.permit is not None:
            await watched.messenger.tell(call.key, entry, patience)
            return
        view = watched.view.of(call.key)
        if result is CallResult.NOTHING or view.state is SharedState.DISABLED:
            return
        if view.generation != admission.generation:
            self.listener(call.name, CallEvent.IGNORED)
        elif result.troubles:
            await watched.messenger.tell(call.key, entry, patience)
        elif view.troubled:
            watched.messenger.tell_later(call.key, entry)


def _compute_patience(info: activity.Info) -> timedelta:
    """How long an attempt waits for the entity: never so long that it times out because of that."""
    limits = (compute_limit(info), info.heartbeat_timeout)
    return min([PATIENCE, *(limit * PATIENCE_SHARE for limit in limits if limit)])


def _judge(call: BreakerCall, error: BaseException) -> Verdict:
    """What the end of an attempt says about the service."""
    if isinstance(error, ApplicationError):
        kind = error.type or "ApplicationError"
        final = error.non_retryable or kind in call.final_error_types
    elif isinstance(error, asyncio.CancelledError | CancelledError):
        return _judge_cancelled()
    else:
        kind, final = type(error).__name__, type(error).__name__ in call.final_error_types
    outcome = Outcome.UNKNOWN if kind in UNCERTAIN else Outcome.FAILED
    return judge(call.settings, Failure(kind, str(error), non_retryable=final, outcome=outcome))


def _judge_cancelled() -> Verdict:
    """An attempt that was stopped because its time was over has failed; one that somebody has stopped has not."""
    details = activity.cancellation_details()
    if not activity.is_cancelled() or (details is not None and details.timed_out):
        return Verdict.FAILURE
    return Verdict.NOTHING
