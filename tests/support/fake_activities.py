"""How an activity runs on the fake: its attempts, their timeouts, and the pauses between them."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from dsl.expressions import JsonValue
from interpreter.effects import ActivityCall, ActivityResult
from interpreter.failure.error_types import UNCERTAIN
from interpreter.failure.failure import Failure, Outcome, StepFailed
from tests.support.fake_attempt import ActivityFailed, Attempt, attempt_in_progress
from tests.support.fake_breakers import FakeBreakers
from tests.support.fake_retries import (
    RetryState,
    build_timeout,
    decide_after_attempt,
    describe_final_failure,
)
from tests.support.secrets import fill_in

Activities = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class FakeActivities:
    """The server and its only worker, as far as the activities of one workflow need them."""

    activities: Activities
    task_queue: str
    """The queue of the worker. A task on another queue waits until it has timed out."""
    workflow_id: str
    random: Callable[[], float]
    breakers: FakeBreakers

    async def run(self, call: ActivityCall) -> ActivityResult:
        """Make attempts until one succeeds, or the policy or the time forbids another.

        Raises:
            StepFailed: no attempt succeeded.
            asyncio.CancelledError: the activity was asked to stop, and has stopped.
        """
        loop = asyncio.get_running_loop()
        limit = call.timeouts.schedule_to_close
        ends = None if limit is None else loop.time() + limit.total_seconds()
        attempt = 1
        while True:
            try:
                return ActivityResult(await self._make_attempt(call, attempt, ends), attempt)
            except StepFailed as failed:
                failure, follows = decide_after_attempt(call.retry, attempt, failed.failure, self.random)
            if not isinstance(follows, RetryState) and ends is not None:
                in_time = loop.time() + follows.total_seconds() < ends
                follows = follows if in_time else RetryState.TIMEOUT
            if isinstance(follows, RetryState):
                raise StepFailed(describe_final_failure(call.retry, failure, follows))
            await asyncio.sleep(follows.total_seconds())
            attempt += 1

    async def _make_attempt(self, call: ActivityCall, attempt: int, ends: float | None) -> JsonValue:
        """Make one attempt, unless a shared circuit breaker rejects it."""
        if call.breaker is None:
            return await self._attempt(call, attempt, ends)
        make = partial(self._attempt, call, attempt, ends)
        return await self.breakers.guard(call.breaker, attempt, self.workflow_id, make)

    async def _attempt(self, call: ActivityCall, attempt: int, ends: float | None) -> JsonValue:
        """Make one attempt.

        An attempt that takes too long is left behind: nobody waits for it any more, whether it obeys or not. One that
        was asked to stop may fail as it likes: the server tries no more, whatever the reason.
        """
        loop = asyncio.get_running_loop()
        taken = call.task_queue in (None, self.task_queue)
        made = Attempt(attempt, call, self.task_queue, self.workflow_id)
        made.heartbeats.append((loop.time(), None))
        seconds, kind = self._find_limit(call, taken, ends)
        ends = loop.time() + seconds
        task = asyncio.ensure_future(self._execute(made) if taken else _wait_for_ever())
        asked = False
        while not task.done() and loop.time() < ends:
            silent_at = _find_silence(made) if taken else math.inf
            if loop.time() >= silent_at:
                kind = "Heartbeat"
                break
            try:
                await asyncio.wait([task], timeout=min(ends, silent_at) - loop.time())
            except asyncio.CancelledError:
                asked = True
                task.cancel()
        if not task.done():
            task.cancel()
            task.add_done_callback(lambda late: late.cancelled() or late.exception())
        try:
            if not task.done():
                raise StepFailed(build_timeout(kind, made.heartbeats[-1][1]))
            return task.result()
        except Exception as error:
            if asked:
                raise asyncio.CancelledError from error
            raise StepFailed(_describe_error(error, attempt)) from error

    def _find_limit(self, call: ActivityCall, taken: bool, ends: float | None) -> tuple[float, str]:
        """Find the timeout that comes first: its seconds from now, and its kind."""
        timeouts, limits = call.timeouts, []
        if taken and timeouts.start_to_close is not None:
            limits.append((timeouts.start_to_close.total_seconds(), "StartToClose"))
        if not taken and timeouts.schedule_to_start is not None:
            limits.append((timeouts.schedule_to_start.total_seconds(), "ScheduleToStart"))
        if ends is not None:
            limits.append((ends - asyncio.get_running_loop().time(), "ScheduleToClose"))
        return min(limits, key=lambda limit: limit[0])

    async def _execute(self, attempt: Attempt) -> JsonValue:
        call = attempt.call
        function = self.activities.get(call.name)
        if function is None:
            raise ActivityFailed("no such activity", "ActivityNotRegistered", non_retryable=True)
        attempt_in_progress.set(attempt)
        result: Any = function(*fill_in(call))
        return await result if inspect.isawaitable(result) else result  # type: ignore[no-any-return]


def _find_silence(attempt: Attempt) -> float:
    """When the attempt counts as lost, unless there is another heartbeat."""
    timeout = attempt.call.timeouts.heartbeat
    return math.inf if timeout is None else attempt.heartbeats[-1][0] + timeout.total_seconds()


async def _wait_for_ever() -> JsonValue:
    return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]


def _describe_error(error: Exception, attempt: int) -> Failure:
    match error:
        case StepFailed():
            return error.failure
        case ActivityFailed():
            return Failure(
                error.type,
                error.message,
                details=error.details,
                attempts=attempt,
                non_retryable=error.non_retryable,
                outcome=Outcome.UNKNOWN if error.type in UNCERTAIN else Outcome.FAILED,
                retry_after=error.retry_after or None,
            )
        case _:
            return Failure(type(error).__name__, str(error), attempts=attempt)
