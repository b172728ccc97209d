"""What a Stepfile worker adds to each attempt of an activity that a Stepfile workflow has called."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from temporalio import activity, workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    Interceptor,
    StartActivityInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from interpreter.failure.error_types import INVALID_RESULT, TOO_LARGE
from interpreter.temporal.wire.activity_header import ActivityHeader, build_call_headers
from interpreter.temporal.wire.attempt_marks import build_mark, mark_error, mark_result, to_application_error
from interpreter.temporal.wire.current_header import use_header
from interpreter.temporal.wire.names import is_stepfile_type
from interpreter.temporal.wire.payloads import (
    MAXIMUM_BYTES,
    MAXIMUM_LOCAL_BYTES,
    find_excess,
    find_foreign_number,
    is_json,
    make_null_readable,
)
from interpreter.temporal.worker.activities import read_signature
from interpreter.temporal.worker.attempt_timeout import run_before_timeout
from interpreter.temporal.worker.lean_start import detach_headers
from interpreter.temporal.worker.trimmed_failures import skip_worker_frames


class StepfileInterceptor(Interceptor):
    """Adds to a worker what definitions need.

    It tells the workflow how many attempts an activity took, makes programming errors final at once, follows the
    parts of a retry policy that the server does not know, and ends an async attempt before the server takes it for
    lost. On the workflow's side it sends along what that takes.
    """

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Attempt(next)

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        return _Workflow


class _Workflow(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Calls(outbound))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
        detach_headers(input)
        return await super().execute_workflow(input)


class _Calls(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:
        input.headers = {**input.headers, **build_call_headers()}
        return super().start_activity(input)

    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:
        input.headers = {**input.headers, **build_call_headers()}
        return super().start_local_activity(input)


class _Attempt(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        if not is_stepfile_type(info.workflow_type or ""):
            return await self.next.execute_activity(input)
        instructions = ActivityHeader.of(input.headers)
        try:
            with use_header(instructions):
                result = await run_before_timeout(input.fn, info, lambda: self.next.execute_activity(input))
        except Exception as error:
            trace = skip_worker_frames(error.__traceback__)
            converted = _convert_error(error, input, info, instructions)
            raise converted.with_traceback(trace) from error.__cause__
        return _encode_result(result, info)


def _convert_error(
    error: Exception, input: ExecuteActivityInput, info: activity.Info, instructions: ActivityHeader | None
) -> Exception:
    """What the server is told."""
    policy = instructions.retry if instructions else None
    if isinstance(error, ApplicationError):
        return mark_error(error, info.attempt, policy, random.random, _make_sendable(error.details))
    if isinstance(error, CancelledError) and activity.is_cancelled():
        return error
    if isinstance(error, TypeError) and (wrong := _describe_wrong_arguments(input, info.activity_type)):
        # What undoes waits for a worker whose activity has been mended.
        final = instructions is None or not instructions.undoes
        wrong_call = ApplicationError(wrong, type="TypeError", non_retryable=final)
        return mark_error(wrong_call, info.attempt, policy, random.random)
    return mark_error(to_application_error(error), info.attempt, policy, random.random)


def _describe_wrong_arguments(input: ExecuteActivityInput, name: str) -> str | None:
    """A wrong number of arguments is a mistake in the definition: another attempt can't mend it."""
    signature = read_signature(input.fn)
    try:
        signature.bind(*input.args)
    except TypeError as error:
        count = len(input.args)
        return f"activity {name}{signature} was called with {count} argument{'s' * (count != 1)}: {error}"
    return None


def _make_sendable(details: Sequence[Any]) -> Sequence[Any]:
    """Details as they are, or told in words: temporalio would send another error for them, and a retryable one."""
    try:
        payloads = activity.payload_converter().to_payloads(details)
    except Exception:
        return [repr(each) for each in details]
    if find_foreign_number(payloads):
        return [repr(each) for each in details]
    complaint = find_excess(payloads, "the details of the error")
    return [complaint] if complaint else details


def _encode_result(result: Any, info: activity.Info) -> RawValue:
    """The result as JSON. Another attempt would not change its kind, but do the work again."""
    try:
        payload = activity.payload_converter().to_payload(make_null_readable(result))
    except Exception as error:
        raise _build_invalid_result(str(error), info.attempt) from error
    if not is_json(payload):
        raise _build_invalid_result(f"{type(result).__name__} is not JSON", info.attempt)
    if foreign := find_foreign_number([payload]):
        raise _build_invalid_result(foreign, info.attempt)
    kind, most = ("local activity", MAXIMUM_LOCAL_BYTES) if info.is_local else ("activity", MAXIMUM_BYTES)
    if complaint := find_excess([payload], f"the result of the {kind}", most):
        raise ApplicationError(complaint, build_mark(info.attempt), type=TOO_LARGE, non_retryable=True)
    return RawValue(mark_result(payload, info.attempt))


def _build_invalid_result(why: str, attempt: int) -> ApplicationError:
    message = f"the result of the activity can't be used: {why}"
    return ApplicationError(message, build_mark(attempt), type=INVALID_RESULT, non_retryable=True)
