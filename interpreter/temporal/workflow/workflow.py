"""The one generic workflow: it runs whatever definition it is started with, under a type that names it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue, VersioningBehavior
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.workflow import ContinueAsNewError, ContinueAsNewVersioningBehavior

from dsl.expressions import JsonValue
from interpreter.concurrency.shield import shield
from interpreter.events import StartRefused
from interpreter.failure.failure import StepFailed
from interpreter.lifecycle import execute
from interpreter.messages.breaker_wakes import wake_step
from interpreter.messages.compensation_orders import apply_order, check_order
from interpreter.messages.declared import MessageRefused
from interpreter.messages.handlers import answer_query, apply_update, check_update, receive_signal
from interpreter.state.continue_as_new import ContinueAsNew
from interpreter.state.report import EMPTY_REPORT
from interpreter.state.run import Run
from interpreter.state.status import take_snapshot
from interpreter.temporal.wire.breaker_names import WAKE_SIGNAL
from interpreter.temporal.wire.formats import WorkflowTaskRefused
from interpreter.temporal.wire.names import STATUS_QUERY, get_order
from interpreter.temporal.wire.payloads import is_json, make_null_readable
from interpreter.temporal.wire.request import continue_arguments
from interpreter.temporal.wire.versioned import is_versioned
from interpreter.temporal.workflow.admission import RunRefused, admit
from interpreter.temporal.workflow.observation import Observation
from interpreter.temporal.workflow.run_error import build_refusal, build_run_error
from interpreter.temporal.workflow.run_index import RunIndex
from interpreter.temporal.workflow.undone_memo import carry_memo


@workflow.defn(dynamic=True, sandboxed=False)
class StepfileWorkflow:
    """Runs a definition.

    It is dynamic: the workflow type of a run names its definition (`stepfile:trip-booking`), and this class takes
    every type that the worker has no other class for. A type that is none of ours fails the workflow task, never the
    run: the run may be meant for a worker that is being deployed.

    It is not sandboxed: this is audited code, and a definition can't reach outside it (docs/decisions/004). Only two
    ways lead out of a run that has not completed: an `ApplicationError`, or cancellation. Anything else would be our
    bug, and fails the run as `InterpreterError` instead of blocking it for ever.
    """

    @workflow.init
    def __init__(self, args: Sequence[RawValue]) -> None:
        """Takes the input and a request: messages that come with the start find a run already."""
        self._arguments: Sequence[Any] = ()
        self._run: Run | None = None
        self._problem: Exception | None = None
        try:
            self._arguments, self._run = admit(args)
        except (
            Exception
        ) as error:  # raised by `run`: from here it would leave the coroutine of `run` unawaited
            self._problem = error

    @workflow.dynamic_config
    def choose_versioning(self) -> workflow.DynamicWorkflowConfig:
        """On a worker with a version, says whether the run stays with that; else it says nothing.

        It never leaves that to the default of the worker, which is meant for workflows of the user's own.
        """
        if not is_versioned():
            return workflow.DynamicWorkflowConfig()
        pinned = self._run is not None and self._run.program.definition.versioning == "pinned"
        behavior = VersioningBehavior.PINNED if pinned else VersioningBehavior.AUTO_UPGRADE
        return workflow.DynamicWorkflowConfig(versioning_behavior=behavior)

    @workflow.run
    async def run(self, args: Sequence[RawValue]) -> Any:
        """Takes the input and a request, which `__init__` has decoded."""
        _forget(args)
        try:
            return await self._execute()
        except (FailureError, ContinueAsNewError, WorkflowTaskRefused):
            raise
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            raise ApplicationError(message, type="InterpreterError", non_retryable=True) from error

    @property
    def current_run(self) -> Run | None:
        """The run; None if it was refused."""
        return self._run

    async def _execute(self) -> Any:
        if isinstance(self._problem, RunRefused):
            Observation().tell(StartRefused(self._problem.ending.failure))
            raise build_refusal(self._problem.ending) from None
        if self._problem is not None:
            raise self._problem
        run = self._run
        assert run is not None
        try:
            return make_null_readable(await execute(run))
        except StepFailed as failed:
            names = self._arguments[1].get("search_attributes", ())
            RunIndex(names).note_failure(run.program, failed.failure)
            error = build_run_error(run, failed)
            raise error from error.__cause__
        except ContinueAsNew as again:
            await workflow.wait_condition(workflow.all_handlers_finished)
            workflow.continue_as_new(
                args=continue_arguments(self._arguments, run.data, again.state),
                memo=carry_memo(workflow.info()),
                initial_versioning_behavior=_choose_next_version(run),
            )
        finally:
            if run.is_over and not workflow.all_handlers_finished():
                await shield(workflow.wait_condition(workflow.all_handlers_finished))

    @workflow.signal(name=WAKE_SIGNAL)
    def wake(self, told: dict[str, Any]) -> None:
        """Tells a step that it need wait at a shared circuit breaker no more."""
        if self._run is not None:
            wake_step(self._run, told["step"], told["generation"])

    @workflow.signal(dynamic=True)
    def signal(self, name: str, args: Sequence[RawValue]) -> None:
        """A declared signal; others, and those with a wrong payload, are logged, counted and dropped."""
        if self._run is None:
            return
        try:
            receive_signal(self._run, name, _decode(args))
        except MessageRefused as refused:
            with suppress(Exception):  # a handler or filter of the user's that fails must not block the run
                workflow.logger.warning("%s", refused)

    @workflow.update(dynamic=True)
    async def update(self, name: str, args: Sequence[RawValue]) -> Any:
        """A declared update, or an order about a compensation."""
        run, order = self._get_run(), get_order(name)
        try:
            if order is not None:
                return await apply_order(run, order, _decode(args))
            answer = await apply_update(run, name, _decode(args))
            run.effects.check_result(answer)
            return make_null_readable(answer)
        except StepFailed as failed:
            failure = failed.failure
            raise ApplicationError(failure.message, type=failure.type, non_retryable=True) from None

    @update.validator
    def check_update(self, name: str, args: Sequence[RawValue]) -> None:
        """Refuses an update before it is part of the history."""
        run, order = self._get_run(), get_order(name)
        try:
            if order is not None:
                check_order(run, order, _decode(args))
            else:
                check_update(run, name, _decode(args))
        except MessageRefused as refused:
            raise ApplicationError(str(refused), type=refused.kind, non_retryable=True) from None

    @workflow.query(dynamic=True)
    def query(self, name: str, args: Sequence[RawValue]) -> Any:
        """A declared query."""
        return answer_query(self._get_run(), name, _decode(args))

    @workflow.query(name=STATUS_QUERY)
    def status(self) -> dict[str, Any]:
        """How far the run has come: its steps with state, attempts, times, error and compensation."""
        if self._run is not None:
            return take_snapshot(self._run)
        refused = self._problem.ending if isinstance(self._problem, RunRefused) else None
        return {
            "definition": None,
            "status": "failed" if refused is not None else "running",
            "error": refused.failure.to_json() if refused is not None else None,
            "steps": [],
            **EMPTY_REPORT,
        }

    def _get_run(self) -> Run:
        if self._run is None:
            raise ApplicationError("the run was refused", type="RunRefused", non_retryable=True)
        return self._run


def _choose_next_version(run: Run) -> ContinueAsNewVersioningBehavior | None:
    """A pinned run takes the current version when it continues as new: a chain of runs may live for years."""
    pinned = run.program.definition.versioning == "pinned"
    return ContinueAsNewVersioningBehavior.AUTO_UPGRADE if pinned else None


def _forget(args: Sequence[RawValue]) -> None:
    """Forget encoded arguments, which temporalio would keep in memory as long as the run."""
    if isinstance(args, list):
        args.clear()


def _decode(args: Sequence[RawValue]) -> list[JsonValue]:
    """
    Raises:
        MessageRefused: the payload is not JSON.
    """
    for each in args:
        if not is_json(each.payload):
            encoding = each.payload.metadata.get("encoding", b"").decode(errors="replace")
            raise MessageRefused("InvalidPayload", f"the payload must be JSON, found {encoding}")
    return [workflow.payload_converter().from_payload(each.payload) for each in args]
