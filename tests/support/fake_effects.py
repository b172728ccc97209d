"""The outside world in one process and in virtual time: runs real activity functions, as Temporal would.

It is itself tested: every case that runs on it runs on a real server too, and both must agree.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    RetryState,
    TimeoutError,
    TimeoutType,
)
from temporalio.testing import ActivityEnvironment

from dsl.expressions import JsonValue
from dsl.model import RetryPolicy
from interpreter.effects import (
    ActivityCall,
    ActivityResult,
    Cancellation,
    ChildCall,
    SignalCall,
    UndoneRecord,
)
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.failure.retry import largest_maximum_attempts
from interpreter.temporal.wire.activity_header import ActivityHeader, use_header, worker_part
from interpreter.temporal.wire.attempt_marks import mark_error, to_application_error
from interpreter.temporal.wire.error_types import to_server_types
from interpreter.temporal.wire.names import TYPE_PREFIX
from interpreter.temporal.workflow.failures import translate_activity_error

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class FakeEffects:
    """`interpreter.effects.Effects` without Temporal."""

    activities: Mapping[str, Callable[..., Any]]
    """Also what registered workflow types do that are children here."""
    workflow_id: str = "run-1"
    run_id: str = "run-1-1"
    cancelled: bool = False
    calls: list[ActivityCall] = field(default_factory=list)
    """What was scheduled, in order."""
    shown: defaultdict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    """Path of a step → whether it has begun."""
    running: set[str] = field(default_factory=set)
    """Ids of the children that run."""
    dice: Random = field(default_factory=lambda: Random(1))
    force_continue_as_new: bool = False
    """Suggests at every checkpoint to continue as new."""
    urgent: bool = False
    """What is suggested has to be."""
    runs: int = 1
    """Number of the run that goes on: no timer of those before it ever fires."""
    sent: list[SignalCall] = field(default_factory=list)
    undone: dict[str, UndoneRecord] = field(default_factory=dict)
    """What has become of effects, as the memo of a run keeps it."""
    task_queue: str = "queue"
    """Of the only worker."""
    mailbox: Callable[[SignalCall], bool] = lambda _: False
    """Delivers a signal; whether there is such a workflow."""

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time())

    def random(self) -> float:
        return self.dice.random()

    def cancel_requested(self) -> bool:
        return self.cancelled

    def record_undone(self, records: Mapping[str, UndoneRecord]) -> None:
        self.undone.update(records)

    def check_result(self, result: JsonValue) -> None:
        """Nothing is too large."""

    def show(self, details: str) -> None:
        self.shown[details].set()

    def check_state(self, state: Mapping[str, Any]) -> None:
        """Nothing is too large."""

    def can_continue_as_new(self) -> bool:
        return True

    def continue_as_new_suggested(self) -> bool:
        return self.force_continue_as_new

    def continue_as_new_urgent(self) -> bool:
        return self.urgent

    def history_is_full(self) -> str | None:
        return None

    async def signal(self, call: SignalCall) -> None:
        self.sent.append(call)
        if not self.mailbox(call):
            message = f'the signal "{call.name}" was not sent to "{call.workflow_id}"'
            raise StepFailed(Failure("SignalFailed", message, outcome=Outcome.NOT_STARTED))

    async def sleep(self, duration: timedelta, summary: str | None = None) -> None:
        run = self.runs
        await asyncio.sleep(max(duration.total_seconds(), 0))
        if run != self.runs:
            await asyncio.get_running_loop().create_future()

    async def call_activity(self, call: ActivityCall) -> ActivityResult:
        self.calls.append(call)
        work = asyncio.ensure_future(self.attempts(call))
        cancelled = asked = False
        while not work.done():
            try:
                if cancelled:
                    await let_arrive()
                    cancelled = False
                    if call.cancellation is Cancellation.ABANDON:
                        break
                    if not asked:  # the server delivers a second request to nobody
                        asked = work.cancel()
                    if call.cancellation is Cancellation.TRY:
                        break
                await asyncio.wait([work])
            except asyncio.CancelledError:
                cancelled = True
        if not work.done():
            raise asyncio.CancelledError
        try:
            return work.result()
        except ActivityError as error:
            raise StepFailed(translate_activity_error(error, largest_maximum_attempts(call.retry))) from error

    async def call_child(self, call: ChildCall) -> JsonValue:
        from tests.support.fake_children import run_child  # it makes another fake world for the child

        return await run_child(self, call)

    async def attempts(self, call: ActivityCall) -> ActivityResult:
        loop = asyncio.get_running_loop()
        limit = call.timeouts.schedule_to_close
        ends = None if limit is None else loop.time() + limit.total_seconds()
        attempt = 1
        while True:
            try:
                return ActivityResult(await self._attempt(call, attempt, ends), attempt)
            except (ApplicationError, TimeoutError) as error:
                wait = backoff(call.retry, attempt, error)
                state = final(call.retry, attempt, error)
                if state is None and ends is not None and loop.time() + wait >= ends:
                    state = RetryState.TIMEOUT
                if state is not None:
                    raise _activity_error(call, state) from _last_word(error, state)
            await asyncio.sleep(wait)
            attempt += 1

    async def _attempt(self, call: ActivityCall, attempt: int, ends: float | None) -> JsonValue:
        loop = asyncio.get_running_loop()
        taken = call.task_queue in (None, self.task_queue)
        limits = [(ends - loop.time(), TimeoutType.SCHEDULE_TO_CLOSE)] if ends is not None else []
        if not taken and call.timeouts.schedule_to_start is not None:
            limits.append((call.timeouts.schedule_to_start.total_seconds(), TimeoutType.SCHEDULE_TO_START))
        if taken and call.timeouts.start_to_close is not None:
            limits.append((call.timeouts.start_to_close.total_seconds(), TimeoutType.START_TO_CLOSE))
        seconds, kind = min(limits)
        ends = loop.time() + seconds
        task = asyncio.ensure_future(self._run(call, attempt) if taken else _forever())
        asked = False
        while not task.done() and loop.time() < ends:
            try:
                await asyncio.wait([task], timeout=ends - loop.time())
            except asyncio.CancelledError:
                asked = True
                task.cancel()
        if not task.done():
            task.cancel()  # nobody waits for it any more, whether it obeys or not
        try:
            if not task.done():
                raise TimeoutError("timeout", type=kind, last_heartbeat_details=[])
            return task.result()
        except Exception as error:
            if asked:  # then the server tries no more, whatever the reason
                raise asyncio.CancelledError from error
            if isinstance(error, ApplicationError):
                raise self._marked(error, call, attempt) from None
            if isinstance(error, TimeoutError):
                raise
            raise self._marked(to_application_error(error), call, attempt) from None

    def _marked(self, error: ApplicationError, call: ActivityCall, attempt: int) -> ApplicationError:
        return mark_error(error, attempt, worker_part(call.retry), self.dice.random)

    async def _run(self, call: ActivityCall, attempt: int) -> JsonValue:
        function = self.activities.get(call.name)
        if function is None:
            raise ApplicationError("no such activity", type="ActivityNotRegistered", non_retryable=True)
        environment = ActivityEnvironment()
        environment.info = replace(
            environment.info,
            activity_id=call.id,
            activity_type=call.name,
            attempt=attempt,
            task_queue=self.task_queue,
            workflow_id=self.workflow_id,
            workflow_type=TYPE_PREFIX,
        )
        with use_header(ActivityHeader(call.key)):
            result: Any = environment.run(function, *call.args)
            return await result if inspect.isawaitable(result) else result  # type: ignore[no-any-return]


async def _forever() -> JsonValue:
    return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]


async def let_arrive() -> None:
    """Whatever happened at this moment is delivered before a cancellation is passed on, as in the adapter."""
    for _ in range(10):
        await asyncio.sleep(0)


_OF_THE_SERVER = (TimeoutType.SCHEDULE_TO_START, TimeoutType.SCHEDULE_TO_CLOSE)
"""Timeouts of no attempt: none follows."""


def final(policy: RetryPolicy, attempt: int, error: ApplicationError | TimeoutError) -> RetryState | None:
    """Why the server would not try again; None if it would."""
    excluded = to_server_types(policy.non_retryable_error_types or ())
    name = _server_name(error)
    if (isinstance(error, ApplicationError) and error.non_retryable) or name in excluded:
        return RetryState.NON_RETRYABLE_FAILURE
    if isinstance(error, TimeoutError) and error.type in _OF_THE_SERVER:
        return RetryState.TIMEOUT
    most = largest_maximum_attempts(policy)
    if most and attempt >= most:
        return RetryState.MAXIMUM_ATTEMPTS_REACHED
    return None


def _server_name(error: ApplicationError | TimeoutError) -> str:
    if isinstance(error, ApplicationError):
        return error.type or ""
    return {
        TimeoutType.START_TO_CLOSE: "TemporalTimeout:StartToClose",
        TimeoutType.HEARTBEAT: "TemporalTimeout:Heartbeat",
    }.get(error.type or TimeoutType.SCHEDULE_TO_CLOSE, "")


def backoff(policy: RetryPolicy, attempt: int, error: ApplicationError | TimeoutError) -> float:
    """Seconds before the next attempt (semantics measured on the server: initial x coefficient^(n-1))."""
    if isinstance(error, ApplicationError) and error.next_retry_delay:
        return error.next_retry_delay.total_seconds()
    initial = (policy.initial_interval or timedelta(seconds=1)).total_seconds()
    longest = policy.maximum_interval.total_seconds() if policy.maximum_interval else 100 * initial
    coefficient = policy.backoff_coefficient or 2.0
    return float(min(longest, initial * coefficient ** (attempt - 1)))


def _last_word(error: ApplicationError | TimeoutError, state: RetryState) -> BaseException:
    """When the budget is used up, the server reports an attempt's own error, but not an attempt's timeout."""
    if state is not RetryState.TIMEOUT or isinstance(error, ApplicationError) or error.type in _OF_THE_SERVER:
        return error
    over = TimeoutError("timeout", type=TimeoutType.SCHEDULE_TO_CLOSE, last_heartbeat_details=[])
    over.__cause__ = error
    return over


def _activity_error(call: ActivityCall, state: RetryState) -> ActivityError:
    return ActivityError(
        "Activity task failed",
        scheduled_event_id=0,
        started_event_id=0,
        identity="fake",
        activity_type=call.name,
        activity_id=call.id,
        retry_state=state,
    )
