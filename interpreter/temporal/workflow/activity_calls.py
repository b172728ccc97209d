"""Activities, by Temporal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, FailureError, TimeoutType
from temporalio.workflow import ActivityHandle

from dsl.scalars.duration import format_duration
from interpreter.effects import ActivityCall, Cancellation, NeverStarted
from interpreter.failure.failure import Failure, StepFailed
from interpreter.failure.retry import largest_maximum_attempts
from interpreter.failure.worker_retry import worker_part
from interpreter.temporal.wire.activity_header import ActivityHeader, attach_header
from interpreter.temporal.wire.default_key import build_default_key
from interpreter.temporal.wire.payloads import SECRETS
from interpreter.temporal.wire.priority import to_temporal_priority
from interpreter.temporal.wire.retry_policy import to_temporal_policy
from interpreter.temporal.wire.storage_limits import StorageLimits
from interpreter.temporal.wire.timeouts import TIMEOUT_NAMES
from interpreter.temporal.wire.user_metadata import cut_summary
from interpreter.temporal.workflow.failures import translate_activity_error, translate_local_error

T = TypeVar("T")

_CANCELLATION = {
    Cancellation.WAIT: workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    Cancellation.TRY: workflow.ActivityCancellationType.TRY_CANCEL,
    Cancellation.ABANDON: workflow.ActivityCancellationType.ABANDON,
}


async def run_activity(
    call: ActivityCall, args: list[RawValue], info: workflow.Info, storage: StorageLimits | None
) -> RawValue | None:
    """Schedule an activity and wait until it has ended; see `Effects.call_activity`.

    Args:
        call: The activity, and how it is called.
        args: Its arguments.
        info: The run.
        storage: The limits of the run; None if it has no external storage.
    """
    task_began = info.get_current_history_length()
    with attach_header(_build_header(call, info.workflow_id, storage)):
        handle = _schedule(call, args)
    try:
        return await _wait_for_end(handle)
    except FailureError as error:
        try:
            failure = _translate_error(error, call)
        except asyncio.CancelledError:
            _raise_never_scheduled(task_began, info)
            raise
        raise StepFailed(failure) from error
    except asyncio.CancelledError:
        _raise_never_scheduled(task_began, info)
        raise


def _translate_error(error: FailureError, call: ActivityCall) -> Failure:
    if call.local or not isinstance(error, ActivityError):
        return translate_local_error(error, call.retry)
    failure = translate_activity_error(error, largest_maximum_attempts(call.retry))
    if call.secrets and _was_refused(failure):
        message = (
            f"the worker on {_name_queue(call)} can't fill in the secrets of the arguments, and has not run the "
            f"activity: it is none of Stepfile's, or of a release before secrets ({failure.message})"
        )
        return replace(failure, message=message)
    if failure.timeout_type != TIMEOUT_NAMES[TimeoutType.SCHEDULE_TO_START]:
        return failure
    limit = call.timeouts.schedule_to_start
    within = f" within {format_duration(limit)}" if limit is not None else ""
    return replace(failure, message=f"no worker on {_name_queue(call)} has started it{within}")


def _was_refused(failure: Failure) -> bool:
    """Tell whether a worker did not know the encoding of arguments with secrets. It says so in words of its own."""
    encoding = SECRETS.decode()
    return any(encoding in each.message for each in failure.chain())


def _name_queue(call: ActivityCall) -> str:
    # The queue of the run itself has no name here, because a replayer would give it another one.
    return "the task queue of the run" if call.task_queue is None else f'task queue "{call.task_queue}"'


def _schedule(call: ActivityCall, args: list[RawValue]) -> ActivityHandle[RawValue | None]:
    timeouts = call.timeouts
    if call.local:
        return workflow.start_local_activity(
            call.name,
            args=args,
            activity_id=call.id,
            summary=cut_summary(call.summary),
            start_to_close_timeout=timeouts.start_to_close,
            schedule_to_close_timeout=timeouts.schedule_to_close,
            retry_policy=to_temporal_policy(call.retry),
            cancellation_type=_CANCELLATION[call.cancellation],
            result_type=RawValue,
        )
    return workflow.start_activity(
        call.name,
        args=args,
        activity_id=call.id,
        summary=cut_summary(call.summary),
        task_queue=call.task_queue,
        priority=to_temporal_priority(call.priority),
        start_to_close_timeout=timeouts.start_to_close,
        schedule_to_close_timeout=timeouts.schedule_to_close,
        schedule_to_start_timeout=timeouts.schedule_to_start,
        heartbeat_timeout=timeouts.heartbeat,
        retry_policy=to_temporal_policy(call.retry),
        cancellation_type=_CANCELLATION[call.cancellation],
        result_type=RawValue,
    )


def _build_header(
    call: ActivityCall, workflow_id: str, storage: StorageLimits | None
) -> ActivityHeader | None:
    """Build what the worker can't know by itself. That is mostly nothing, and a server feels each header."""
    retry = None if call.local else worker_part(call.retry)
    if (
        retry is None
        and storage is None
        and not call.undoes
        and not call.hidden
        and call.breaker is None
        and call.key == build_default_key(workflow_id, call.id)
    ):
        return None
    return ActivityHeader(call.key, retry, call.undoes, storage, call.hidden, call.breaker)


def _raise_never_scheduled(task_began: int, info: workflow.Info) -> None:
    """What is cancelled in the workflow task that would schedule it is never sent to the server.

    Raises:
        NeverStarted: this is the same task still.
    """
    if info.get_current_history_length() == task_began:
        raise NeverStarted


async def _wait_for_end(handle: ActivityHandle[T]) -> T:
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
            return await asyncio.shield(handle)
        except asyncio.CancelledError:
            if handle.done():
                return handle.result()
            cancelled = True
