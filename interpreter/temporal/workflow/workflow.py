"""The one generic workflow: it runs whatever definition it is started with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.workflow import ContinueAsNewError

from dsl.expressions import JsonValue
from interpreter.concurrency.shield import shield
from interpreter.failure.failure import StepFailed
from interpreter.lifecycle import execute
from interpreter.messages.declared import MessageRefused
from interpreter.messages.handlers import answer_query, apply_update, check_update, receive_signal
from interpreter.state.continue_as_new import ContinueAsNew
from interpreter.state.report import EMPTY_REPORT
from interpreter.state.run import Run
from interpreter.state.status import take_snapshot
from interpreter.temporal.wire.names import STATUS_QUERY, WORKFLOW_TYPE
from interpreter.temporal.wire.request import continue_request
from interpreter.temporal.workflow.admission import RunRefused, admit
from interpreter.temporal.workflow.failures import build_run_error, find_temporal_cause


@workflow.defn(name=WORKFLOW_TYPE, sandboxed=False)
class StepfileWorkflow:
    """Runs a definition.

    Not sandboxed: this is audited code, and a definition can't reach outside it (docs/decisions/004). Only two
    ways lead out of a run that has not completed: an `ApplicationError`, or cancellation; anything else would
    be our bug, and fails the run as `InterpreterError` instead of blocking it for ever.
    """

    @workflow.init
    def __init__(self, *arguments: Any) -> None:
        """Takes one `StartRequest`: messages that come with the start find a run already."""
        self._arguments = arguments
        self._run: Run | None = None
        self._refused: RunRefused | None = None
        self._bug: Exception | None = None
        try:
            self._run = admit(arguments)
        except RunRefused as refused:
            self._refused = refused
        except Exception as error:
            self._bug = error

    @workflow.run
    async def run(self, *arguments: Any) -> Any:
        """Takes one `StartRequest`."""
        try:
            return await self._execute()
        except (FailureError, ContinueAsNewError):
            raise
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            raise ApplicationError(message, type="InterpreterError", non_retryable=True) from error

    async def _execute(self) -> Any:
        if self._bug is not None:
            raise self._bug
        if self._run is None:
            assert self._refused is not None
            raise self._refused.as_error() from None
        try:
            return await execute(self._run)
        except StepFailed as failed:
            cause = find_temporal_cause(failed)
            raise build_run_error(self._run, failed, cause) from cause
        except ContinueAsNew as again:
            await workflow.wait_condition(workflow.all_handlers_finished)
            workflow.continue_as_new(continue_request(self._arguments[0], self._run.data, again.state))
        finally:
            if self._run.is_over and not workflow.all_handlers_finished():
                await shield(workflow.wait_condition(workflow.all_handlers_finished))

    @workflow.signal(dynamic=True)
    def signal(self, name: str, args: Sequence[RawValue]) -> None:
        """A declared signal; others, and those with a wrong payload, are logged, counted and dropped."""
        if self._run is None:
            return
        try:
            receive_signal(self._run, name, _decode_arguments(args))
        except MessageRefused as refused:
            workflow.logger.warning("%s", refused)

    @workflow.update(dynamic=True)
    async def update(self, name: str, args: Sequence[RawValue]) -> Any:
        """A declared update."""
        run = self._known_run()
        try:
            answer = await apply_update(run, name, _decode_arguments(args))
            run.effects.check_result(answer)
            return answer
        except StepFailed as failed:
            failure = failed.failure
            raise ApplicationError(failure.message, type=failure.type, non_retryable=True) from None

    @update.validator
    def check_update(self, name: str, args: Sequence[RawValue]) -> None:
        """Refuses an update before it is part of the history."""
        try:
            check_update(self._known_run(), name, _decode_arguments(args))
        except MessageRefused as refused:
            raise ApplicationError(str(refused), type=refused.kind, non_retryable=True) from None

    @workflow.query(dynamic=True)
    def query(self, name: str, args: Sequence[RawValue]) -> Any:
        """A declared query."""
        return answer_query(self._known_run(), name, _decode_arguments(args))

    def _known_run(self) -> Run:
        if self._run is None:
            raise ApplicationError("the run was refused", type="RunRefused", non_retryable=True)
        return self._run

    @workflow.query(name=STATUS_QUERY)
    def status(self) -> dict[str, Any]:
        """How far the run has come: its steps with state, attempts, times, error and compensation."""
        if self._run is not None:
            return take_snapshot(self._run)
        return {
            "definition": None,
            "status": "failed",
            "error": self._refused.failure.to_json() if self._refused else None,
            "steps": [],
            **EMPTY_REPORT,
        }


def _decode_arguments(args: Sequence[RawValue]) -> list[JsonValue]:
    return [workflow.payload_converter().from_payload(each.payload) for each in args]
