"""The port to the outside world, by Temporal. Translations only; no meaning of the language is here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.workflow import ActivityHandle

from dsl import model
from dsl.expressions import JsonValue
from interpreter.carrying import parts
from interpreter.effects import (
    ActivityCall,
    ActivityResult,
    Cancellation,
    ChildCall,
    NeverStarted,
    SignalCall,
)
from interpreter.failure import Failure, Outcome, StepFailed
from interpreter.retry import most_attempts
from interpreter.temporal.attempts import attempt_of_result
from interpreter.temporal.children import arguments_of, run_child
from interpreter.temporal.error_types import INVALID_RESULT, TOO_LARGE, to_server
from interpreter.temporal.failures import failure_of_activity
from interpreter.temporal.instructions import Instructions, beyond_the_server, giving
from interpreter.temporal.payloads import MOST, is_json, too_large

T = TypeVar("T")

_CANCELLATION = {
    Cancellation.WAIT: workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    Cancellation.TRY: workflow.ActivityCancellationType.TRY_CANCEL,
    Cancellation.ABANDON: workflow.ActivityCancellationType.ABANDON,
}

SUGGESTED_EVENTS = 4096
"""Where a server suggests to continue as new, if nobody has told it otherwise."""
MORE_EVENTS = 4096
"""How many more there may be before that is urgent. Part of replay, as is the next: never change them."""
URGENT_BYTES = 16 * 1024 * 1024
FULL_EVENTS, FULL_BYTES = 45_000, 45_000_000
"""A server ends a run of 50 MB, or of 51,200 events."""

SHORTEST_TIMER = timedelta(milliseconds=1)


class TemporalEffects:
    """`interpreter.effects.Effects`, inside a workflow."""

    def __init__(self, continue_as_new_after: int | None = None) -> None:
        info = workflow.info()
        self._continue_as_new_after = continue_as_new_after
        self.workflow_id = info.workflow_id
        self.run_id = info.run_id

    def now(self) -> datetime:
        return workflow.now()

    def random(self) -> float:
        return workflow.random().random()

    def cancel_requested(self) -> bool:
        return workflow.cancellation_reason() is not None

    def continue_as_new_suggested(self) -> bool:
        info = workflow.info()
        if self._continue_as_new_after is None:
            return info.is_continue_as_new_suggested()
        return info.get_current_history_length() >= self._continue_as_new_after

    def continue_as_new_urgent(self) -> bool:
        info = workflow.info()
        suggested = SUGGESTED_EVENTS if self._continue_as_new_after is None else self._continue_as_new_after
        too_long = info.get_current_history_length() >= suggested + MORE_EVENTS
        return too_long or info.get_current_history_size() >= URGENT_BYTES

    def history_is_full(self) -> str | None:
        info = workflow.info()
        events, size = info.get_current_history_length(), info.get_current_history_size()
        if events < FULL_EVENTS and size < FULL_BYTES:
            return None
        return (
            f"the history has {events:,} events and {size:,} bytes; at 51,200 events or 50 MB the server ends the "
            "run. What handles an error must be done in one run: let a step after it do the long part"
        )

    async def signal(self, call: SignalCall) -> None:
        args = _sendable(call.args, "the arguments of the signal")
        handle = workflow.get_external_workflow_handle(call.workflow_id)
        try:
            await handle.signal(call.name, args=args)
        except ApplicationError as error:
            message = f'the signal "{call.name}" was not sent to "{call.workflow_id}": {error.message}'
            raise StepFailed(Failure("SignalFailed", message, outcome=Outcome.NOT_STARTED)) from error

    def check_state(self, state: Mapping[str, Any]) -> None:
        size = _size_of(state)
        if size <= MOST:
            return
        name, part = max(parts(state), key=lambda named: _size_of(named[1]))
        message = (
            f"the run can't continue as new: its state has {size:,} bytes, and at most {MOST:,} fit; {name} alone "
            f"has {_size_of(part):,}; keep references to the data instead, or collect less"
        )
        raise StepFailed(Failure(TOO_LARGE, message, non_retryable=True, outcome=Outcome.NOT_STARTED))

    async def call_activity(self, call: ActivityCall) -> ActivityResult:
        task_began = workflow.info().get_current_history_length()
        handle = _scheduled(call)
        try:
            return _result(await _ended(handle))
        except ActivityError as error:
            most = most_attempts(call.retry)
            try:
                failure = failure_of_activity(error, most)
            except asyncio.CancelledError:
                _raise_never_scheduled(task_began)
                raise
            raise StepFailed(failure) from error
        except asyncio.CancelledError:
            _raise_never_scheduled(task_began)
            raise

    async def call_child(self, call: ChildCall) -> JsonValue:
        args = _sendable(arguments_of(call, self._continue_as_new_after), "the input of the child workflow")
        policy = None if call.retry is None else retry_policy(call.retry)
        return _result(await run_child(call, args, policy), "the child workflow").value

    async def sleep(self, duration: timedelta, summary: str | None = None) -> None:
        await workflow.sleep(max(duration, SHORTEST_TIMER), summary=summary)

    def check_result(self, result: JsonValue) -> None:
        _sendable([result], "the result")

    def show(self, details: str) -> None:
        workflow.set_current_details(details)


def _scheduled(call: ActivityCall) -> ActivityHandle[RawValue | None]:
    timeouts = call.timeouts
    args = _sendable(call.args, "the arguments") if call.args else []
    if call.local:
        with giving(Instructions(call.key, None)):
            return workflow.start_local_activity(
                call.name,
                args=args,
                activity_id=call.id,
                summary=call.summary,
                start_to_close_timeout=timeouts.start_to_close,
                schedule_to_close_timeout=timeouts.schedule_to_close,
                retry_policy=retry_policy(call.retry),
                cancellation_type=_CANCELLATION[call.cancellation],
                result_type=RawValue,
            )
    with giving(Instructions(call.key, beyond_the_server(call.retry))):
        return workflow.start_activity(
            call.name,
            args=args,
            activity_id=call.id,
            summary=call.summary,
            task_queue=call.task_queue,
            start_to_close_timeout=timeouts.start_to_close,
            schedule_to_close_timeout=timeouts.schedule_to_close,
            schedule_to_start_timeout=timeouts.schedule_to_start,
            heartbeat_timeout=timeouts.heartbeat,
            retry_policy=retry_policy(call.retry),
            cancellation_type=_CANCELLATION[call.cancellation],
            result_type=RawValue,
        )


def _raise_never_scheduled(task_began: int) -> None:
    """What is cancelled in the workflow task that would schedule it is never sent to the server.

    Raises:
        NeverStarted: this is the same task still.
    """
    if workflow.info().get_current_history_length() == task_began:
        raise NeverStarted


def retry_policy(policy: model.RetryPolicy) -> RetryPolicy:
    """Temporal's retry policy; what is not said is Temporal's default."""
    said: dict[str, Any] = {
        name: value
        for name in ("initial_interval", "backoff_coefficient", "maximum_interval")
        if (value := getattr(policy, name)) is not None
    }
    if (most := most_attempts(policy)) is not None:
        said["maximum_attempts"] = most
    types = policy.non_retryable_error_types
    return RetryPolicy(**said, non_retryable_error_types=to_server(types) if types else None)


async def _ended(handle: ActivityHandle[T]) -> T:
    """How an activity ended, also when a cancellation came in the same workflow task as its end.

    Then temporalio drops the end: a step that has completed would count as one of which nothing is known. So
    the cancellation is passed on only when all that came with it has been delivered; that is when temporalio
    looks at conditions.
    """
    cancelled = False
    while True:
        try:
            if cancelled:
                await workflow.wait_condition(lambda: True)
                handle.cancel()
                cancelled = False
            await workflow.wait([handle])
        except asyncio.CancelledError:
            cancelled = True
        if handle.done():
            return handle.result()


def _sendable(values: Sequence[JsonValue], what: str) -> list[RawValue]:
    """
    Raises:
        StepFailed: they are too large.
    """
    payloads = workflow.payload_converter().to_payloads(values)
    if complaint := too_large(payloads, what):
        failure = Failure(TOO_LARGE, complaint, non_retryable=True, outcome=Outcome.NOT_STARTED)
        raise StepFailed(failure)
    return [RawValue(payload) for payload in payloads]


def _size_of(value: Any) -> int:
    return sum(payload.ByteSize() for payload in workflow.payload_converter().to_payloads([value]))


def _result(raw: RawValue | None, what: str = "the activity") -> ActivityResult:
    """
    Raises:
        StepFailed: a worker that is none of ours has sent what is not JSON. It may well have done its work.
    """
    if raw is None:
        return ActivityResult(None, None)
    if not is_json(raw.payload):
        encoding = raw.payload.metadata.get("encoding", b"").decode(errors="replace")
        message = f"the result of {what} can't be used: {encoding} is not JSON"
        failure = Failure(INVALID_RESULT, message, non_retryable=True, outcome=Outcome.UNKNOWN)
        raise StepFailed(failure)
    value: JsonValue = workflow.payload_converter().from_payload(raw.payload)
    return ActivityResult(value, attempt_of_result(raw.payload))
