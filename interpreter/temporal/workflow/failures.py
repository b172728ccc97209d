"""Temporal's exceptions are translated into the one shape of an error."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    FailureError,
    RetryState,
    TerminatedError,
    TimeoutError,
    TimeoutType,
)

from dsl.expressions import JsonValue
from dsl.model import RetryPolicy
from interpreter.effects import ChildCall
from interpreter.failure import retry
from interpreter.failure.error_types import CANCELLED, UNCERTAIN
from interpreter.failure.failure import Failure, Outcome
from interpreter.state.failed_run import FailedRun
from interpreter.temporal.wire.attempt_marks import split_mark
from interpreter.temporal.wire.hidden_reasons import add_reason
from interpreter.temporal.wire.payloads import describe_foreign_number
from interpreter.temporal.wire.server_error_types import SERVER_START_TO_CLOSE
from interpreter.temporal.wire.timeouts import TIMEOUT_NAMES


def translate_activity_error(error: ActivityError, maximum_attempts: int | None) -> Failure:
    """Why an activity failed for good.

    Raises:
        asyncio.CancelledError: it did not fail, it was cancelled (whatever it raised while it cleaned up).
    """
    if error.retry_state is RetryState.CANCEL_REQUESTED or isinstance(error.cause, CancelledError):
        raise asyncio.CancelledError from error
    failure = _translate(error.cause, error.retry_state)
    if failure.attempts is None and error.retry_state is RetryState.MAXIMUM_ATTEMPTS_REACHED:
        return replace(failure, attempts=maximum_attempts)
    return failure


def translate_local_error(error: FailureError, policy: RetryPolicy) -> Failure:
    """Say why a local activity failed for good.

    Its errors come without a wrapper, so nobody tells why there was no other attempt. Timeouts and cancellations have
    a wrapper, but only until they are replayed.

    Raises:
        asyncio.CancelledError: it did not fail, it was cancelled.
    """
    cause = error.cause if isinstance(error, ActivityError) else error
    if isinstance(cause, TimeoutError):
        return _translate_timeout(cause, None, None)
    if cause is not error or not isinstance(error, ApplicationError):
        raise asyncio.CancelledError from error
    failure = _translate(error, None)
    if not retry.is_non_retryable(policy, failure):
        return failure
    return replace(failure, non_retryable=True, retry_state=RetryState.NON_RETRYABLE_FAILURE.name)


def translate_child_error(error: ChildWorkflowError, call: ChildCall, *, asked: bool) -> Failure:
    """Why a child workflow failed for good.

    Args:
        error: What temporalio raised.
        call: What was started.
        asked: This run has asked the child to stop.

    Raises:
        asyncio.CancelledError: it did not fail, this run has cancelled it.
    """
    state = error.retry_state.name if error.retry_state is not None else None
    match error.cause:
        case CancelledError() if asked:
            raise asyncio.CancelledError from error
        case CancelledError() as cause:
            stands = call.program is not None and not call.undoes_if_cancelled
            inner = Failure(CANCELLED, cause.message, non_retryable=True, stands=stands)
            how = "was cancelled"
        case TerminatedError() as cause:
            inner = Failure("Terminated", cause.message, non_retryable=True, outcome=Outcome.UNKNOWN)
            how = "was terminated"
        case TimeoutError() as cause:
            inner, how = _translate_timeout(cause, None, None), "timed out"
        case cause:
            inner = (
                _translate_definition_error(cause)
                if call.program is not None
                else _unwrap(cause, error.retry_state)
            )
            how = f"failed: {list(inner.chain())[-1].message}"
    return Failure(
        "ChildWorkflowFailed",
        f'child workflow "{call.name}" {how}',
        retry_state=state,
        cause=inner,
        non_retryable=inner.non_retryable,
        outcome=Outcome.UNKNOWN if how in ("was terminated", "timed out") else Outcome.FAILED,
        stands=inner.stands,
    )


def _translate_definition_error(error: BaseException | None) -> Failure:
    """Read the final failure of a Stepfile run, as it tells it itself."""
    told = (
        FailedRun.from_details(error.details[0])
        if isinstance(error, ApplicationError) and error.details
        else None
    )
    if told is None:
        return _unwrap(error, None)
    return told.to_failure()


def _unwrap(error: BaseException | None, retry_state: RetryState | None) -> Failure:
    """An error without the wrappers around it: `ActivityError` and `ChildWorkflowError` say nothing themselves."""
    while isinstance(error, ActivityError | ChildWorkflowError) and error.cause is not None:
        retry_state, error = error.retry_state, error.cause
    return _translate(error, retry_state)


def _translate(error: BaseException | None, retry_state: RetryState | None) -> Failure:
    state = retry_state.name if retry_state is not None else None
    cause = _translate(error.cause, None) if isinstance(error, FailureError) and error.cause else None
    match error:
        case ApplicationError():
            return _translate_application_error(error, state, cause)
        case TimeoutError():
            return _translate_timeout(error, state, cause)
        case FailureError():
            return Failure(type(error).__name__, error.message, retry_state=state, cause=cause)
        case _:
            return Failure("Unknown", str(error), retry_state=state, outcome=Outcome.UNKNOWN)


def _translate_application_error(
    error: ApplicationError, state: str | None, cause: Failure | None
) -> Failure:
    details, mark = split_mark(tuple(error.details))
    if error.type == SERVER_START_TO_CLOSE:
        return replace(
            _translate_start_to_close(cause),
            details=_simplify_details(details),
            attempts=mark.attempt,
            retry_state=state,
        )
    if mark.exhausted:
        state = RetryState.MAXIMUM_ATTEMPTS_REACHED.name
    definite = error.non_retryable or state == RetryState.NON_RETRYABLE_FAILURE.name
    causes = [each.message for each in cause.chain()] if cause is not None else []
    return Failure(
        type=error.type or "ApplicationError",
        message=add_reason(error.message, causes),
        details=_simplify_details(details),
        attempts=mark.attempt,
        retry_state=state,
        cause=cause,
        non_retryable=definite and not mark.exhausted,
        outcome=Outcome.UNKNOWN if error.type in UNCERTAIN else Outcome.FAILED,
        retry_after=error.next_retry_delay,
    )


def _translate_start_to_close(cause: Failure | None) -> Failure:
    """The worker has said it before the server did."""
    timed_out = TimeoutError("", type=TimeoutType.START_TO_CLOSE, last_heartbeat_details=[])
    return _translate_timeout(timed_out, None, cause)


def _translate_timeout(error: TimeoutError, state: str | None, cause: Failure | None) -> Failure:
    kind = TIMEOUT_NAMES.get(error.type, "Unknown") if error.type is not None else "Unknown"
    never_started = error.type is TimeoutType.SCHEDULE_TO_START and cause is None
    return Failure(
        type=f"Timeout.{kind}",
        message=f"{kind} timeout",
        details=_simplify_details(tuple(error.last_heartbeat_details)),
        timeout_type=kind,
        retry_state=state,
        cause=cause,
        outcome=Outcome.NOT_STARTED if never_started else Outcome.UNKNOWN,
    )


def _simplify_details(details: tuple[Any, ...]) -> JsonValue:
    """Temporal's details are a list; nearly always of one. What is not JSON is told in words."""
    told = [
        repr(each) if isinstance(each, bytes) or describe_foreign_number(each) else each for each in details
    ]
    return told[0] if len(told) == 1 else (told or None)
