"""What a Stepfile worker adds to each attempt of an activity that a Stepfile workflow has called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio import activity
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from interpreter.temporal.activities import signature_of
from interpreter.temporal.attempts import converted, detail, mark_result, marked
from interpreter.temporal.error_types import INVALID_RESULT, TOO_LARGE
from interpreter.temporal.names import WORKFLOW_TYPE
from interpreter.temporal.payloads import is_json, too_large


class StepfileInterceptor(Interceptor):
    """Tells the workflow how many attempts there were, and makes programming errors final at once."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Attempt(next)


class _Attempt(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        if info.workflow_type != WORKFLOW_TYPE or info.is_local:
            return await self.next.execute_activity(input)
        try:
            result = await self.next.execute_activity(input)
        except ApplicationError as error:
            raise marked(error, info.attempt, _sendable(error.details)) from error.__cause__
        except Exception as error:
            if isinstance(error, CancelledError) and activity.is_cancelled():
                raise
            if isinstance(error, TypeError):
                _check_arguments(input, info.activity_type, info.attempt)
            raise converted(error, info.attempt) from error.__cause__
        return _encoded(result, info.attempt)


def _check_arguments(input: ExecuteActivityInput, name: str, attempt: int) -> None:
    """A wrong number of arguments is a mistake in the definition: another attempt can't mend it."""
    signature = signature_of(input.fn)
    try:
        signature.bind(*input.args)
    except TypeError as error:
        message = f"activity {name}{signature} called with {len(input.args)} arguments: {error}"
        raise ApplicationError(message, detail(attempt), type="TypeError", non_retryable=True) from None


def _sendable(details: Sequence[Any]) -> Sequence[Any]:
    """Details as they are, or told in words: temporalio would send another error for them, and a retryable one."""
    try:
        payloads = activity.payload_converter().to_payloads(details)
    except Exception:
        return [repr(each) for each in details]
    complaint = too_large(payloads, "the details of the error")
    return [complaint] if complaint else details


def _encoded(result: Any, attempt: int) -> RawValue:
    """The result as JSON. Another attempt would not change its kind, but do the work again."""
    try:
        payload = activity.payload_converter().to_payload(result)
    except Exception as error:
        raise _unusable(str(error), attempt) from error
    if not is_json(payload):
        raise _unusable(f"{type(result).__name__} is not JSON", attempt)
    if complaint := too_large([payload], "the result of the activity"):
        raise ApplicationError(complaint, detail(attempt), type=TOO_LARGE, non_retryable=True)
    return RawValue(mark_result(payload, attempt))


def _unusable(why: str, attempt: int) -> ApplicationError:
    message = f"the result of the activity can't be used: {why}"
    return ApplicationError(message, detail(attempt), type=INVALID_RESULT, non_retryable=True)
