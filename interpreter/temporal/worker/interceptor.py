"""What a Stepfile worker adds to each attempt of an activity that a Stepfile workflow has called."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from copy import copy
from typing import Any

from temporalio import activity, workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    Interceptor,
    StartActivityInput,
    StartLocalActivityInput,
    Worker,
    WorkerConfig,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from interpreter.failure.error_types import INVALID_RESULT, TOO_LARGE
from interpreter.program.model import HTTP_ACTIVITY
from interpreter.temporal.secrets.arguments import fill_in, need_secrets
from interpreter.temporal.secrets.destinations import REFUSED
from interpreter.temporal.secrets.hidden_arguments import hide_arguments
from interpreter.temporal.secrets.logs import redact_logs
from interpreter.temporal.secrets.payloads import redact_details
from interpreter.temporal.secrets.redaction import find_secret, redact_shown_text, redact_value
from interpreter.temporal.secrets.settings import SecretSettings
from interpreter.temporal.secrets.store import SecretStore
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
from interpreter.temporal.wire.storage_limits import StorageLimits, find_excess_weight
from interpreter.temporal.wire.worker_frames import skip_worker_frames
from interpreter.temporal.worker.activities import read_signature
from interpreter.temporal.worker.attempt_timeout import run_before_timeout
from interpreter.temporal.worker.breakers.guard import BreakerGuard
from interpreter.temporal.worker.breakers.rejection import AttemptRejected
from interpreter.temporal.worker.cut_offs import CutOffs
from interpreter.temporal.worker.lean_start import detach_headers


class StepfileInterceptor(Interceptor):
    """Adds to a worker what definitions need.

    It tells the workflow how many attempts an activity took, makes programming errors final at once, follows the
    parts of a retry policy that the server does not know, and ends an async attempt before the server takes it for
    lost. It fills in the values of secrets, and replaces them in what the activity tells. On the workflow's side it
    sends along what that takes.
    """

    def __init__(self, secrets: SecretSettings | None = None) -> None:
        """
        Args:
            secrets: Where the values of secrets are; without it, in the environment.

        Raises:
            SecretSettingsProblem: the provider can't be imported.
        """
        self._settings = secrets or SecretSettings()
        self._store = SecretStore(self._settings)
        self.guard: BreakerGuard | None = None
        """The shared circuit breakers of the worker; without it, attempts are not guarded."""
        self.cut_offs = CutOffs()
        """Counts what the shutdown of the worker cuts off."""
        redact_logs()

    def with_guard(self, guard: BreakerGuard) -> StepfileInterceptor:
        """Make one for a worker with these shared circuit breakers."""
        made = copy(self)
        made.guard, made.cut_offs = guard, CutOffs()
        return made

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Attempt(next, self._store, self._settings.refuse_in_results, self.guard, self.cut_offs)

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        return _Workflow


def guard_attempts(config: WorkerConfig, guard: BreakerGuard) -> None:
    """Give a worker, before it is made, shared circuit breakers of its own."""
    assert "interceptors" in config, "there is one of ours"
    config["interceptors"] = [
        each.with_guard(guard) if isinstance(each, StepfileInterceptor) else each
        for each in config["interceptors"]
    ]


def find_guard(worker: Worker) -> BreakerGuard:
    """Find the shared circuit breakers of a worker."""
    guard = _find_interceptor(worker).guard
    assert guard is not None
    return guard


def find_cut_offs(worker: Worker) -> CutOffs:
    """Find what counts the attempts that the shutdown of a worker cuts off."""
    return _find_interceptor(worker).cut_offs


def _find_interceptor(worker: Worker) -> StepfileInterceptor:
    config = worker.config(active_config=True)
    assert "interceptors" in config, "there is one of ours"
    (found,) = (each for each in config["interceptors"] if isinstance(each, StepfileInterceptor))
    return found


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
    def __init__(
        self,
        next: ActivityInboundInterceptor,
        store: SecretStore,
        refuse_in_results: bool,
        guard: BreakerGuard | None,
        cut_offs: CutOffs,
    ) -> None:
        super().__init__(next)
        self._store, self._refuse_in_results, self._guard = store, refuse_in_results, guard
        self._cut_offs = cut_offs

    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        super().init(_Heartbeats(outbound))

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        with self._cut_offs:
            info = activity.info()
            if not is_stepfile_type(info.workflow_type or ""):
                if need_secrets(input.args):
                    raise ApplicationError(_NOT_FOR_OTHERS, type=REFUSED, non_retryable=True)
                return await self.next.execute_activity(input)
            instructions = ActivityHeader.of(input.headers)
            if instructions is not None and instructions.hidden:
                hide_arguments(input.args, instructions.hidden)
            try:
                with use_header(instructions):
                    result = await run_before_timeout(
                        input.fn, info, lambda: self._make_attempt(input, info, instructions)
                    )
            except AttemptRejected:
                raise
            except Exception as error:
                trace = skip_worker_frames(error.__traceback__)
                converted = _convert_error(error, input, info, instructions)
                raise converted.with_traceback(trace) from error.__cause__
            storage = instructions.storage if instructions else None
            return _encode_result(result, info, storage, self._refuse_in_results)

    async def _make_attempt(
        self, input: ExecuteActivityInput, info: activity.Info, instructions: ActivityHeader | None
    ) -> Any:
        breaker = instructions.breaker if instructions else None
        if self._guard is None or breaker is None:
            return await self._run_activity(input)
        return await self._guard.run(breaker, info, lambda: self._run_activity(input))

    async def _run_activity(self, input: ExecuteActivityInput) -> Any:
        if need_secrets(input.args):
            input.args = await fill_in(input.args, input.fn, self._store)
        return await self.next.execute_activity(input)


_NOT_FOR_OTHERS = "only a run of a definition may have secrets filled in"


class _Heartbeats(ActivityOutboundInterceptor):
    def heartbeat(self, *details: Any) -> None:
        super().heartbeat(*(redact_details(details) if details else ()))


def _convert_error(
    error: Exception, input: ExecuteActivityInput, info: activity.Info, instructions: ActivityHeader | None
) -> Exception:
    """What the server is told."""
    policy = instructions.retry if instructions else None
    if isinstance(error, ApplicationError):
        return mark_error(_redact(error), info.attempt, policy, random.random, _make_sendable(error.details))
    if isinstance(error, CancelledError) and activity.is_cancelled():
        return error
    if isinstance(error, TypeError) and (wrong := _describe_wrong_arguments(input, info.activity_type)):
        # What undoes waits for a worker whose activity has been mended.
        final = instructions is None or not instructions.undoes
        wrong_call = ApplicationError(wrong, type="TypeError", non_retryable=final)
        return mark_error(wrong_call, info.attempt, policy, random.random)
    return mark_error(_redact(to_application_error(error)), info.attempt, policy, random.random)


def _redact(error: ApplicationError) -> ApplicationError:
    """Replace what is secret in the message, which may be cut next. The rest is redacted when it is sent."""
    message = redact_shown_text(error.message)
    if message is error.message:
        return error
    return ApplicationError(
        message,
        *error.details,
        type=error.type,
        non_retryable=error.non_retryable,
        next_retry_delay=error.next_retry_delay,
        category=error.category,
    ).with_traceback(error.__traceback__)


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


def _encode_result(
    result: Any, info: activity.Info, storage: StorageLimits | None, refuse_secrets: bool
) -> RawValue:
    """The result as JSON. Another attempt would not change its kind, but do the work again."""
    if info.activity_type == HTTP_ACTIVITY:
        result = redact_value(result)
    try:
        payload = activity.payload_converter().to_payload(make_null_readable(result))
    except Exception as error:
        raise _build_invalid_result(str(error), info.attempt) from error
    if not is_json(payload):
        raise _build_invalid_result(f"{type(result).__name__} is not JSON", info.attempt)
    if foreign := find_foreign_number([payload]):
        raise _build_invalid_result(foreign, info.attempt)
    if refuse_secrets and (secret := find_secret(json.loads(payload.data or b"null"))):
        raise _build_invalid_result(f"{secret} is in it, and refuse_in_results is set", info.attempt)
    kind, most = ("local activity", MAXIMUM_LOCAL_BYTES) if info.is_local else ("activity", MAXIMUM_BYTES)
    if complaint := find_excess_weight([payload], f"the result of the {kind}", storage, most):
        raise ApplicationError(complaint, build_mark(info.attempt), type=TOO_LARGE, non_retryable=True)
    return RawValue(mark_result(payload, info.attempt))


def _build_invalid_result(why: str, attempt: int) -> ApplicationError:
    message = f"the result of the activity can't be used: {why}"
    return ApplicationError(message, build_mark(attempt), type=INVALID_RESULT, non_retryable=True)
