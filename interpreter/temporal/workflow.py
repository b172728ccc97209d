"""The one generic workflow: it runs whatever definition it is started with."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

from dsl import InvalidDefinition
from dsl.expressions import Limits
from dsl.inputs import check_input
from interpreter.failure import StepFailed
from interpreter.lifecycle import execute
from interpreter.program import Program, compile_program
from interpreter.run import Run
from interpreter.temporal.effects import TemporalEffects
from interpreter.temporal.failures import failed_run
from interpreter.temporal.names import STATUS_QUERY, WORKFLOW_TYPE
from interpreter.temporal.request import StartRequest


@workflow.defn(name=WORKFLOW_TYPE, sandboxed=False)
class StepfileWorkflow:
    """Runs a definition.

    Not sandboxed: this is audited code, and a definition can't reach outside it (docs/decisions/004). Only two
    ways lead out of a run that has not completed: an `ApplicationError`, or cancellation; anything else would
    be our bug, and fails the run as `InterpreterError` instead of blocking it for ever.
    """

    def __init__(self) -> None:
        self._run: Run | None = None

    @workflow.run
    async def run(self, request: StartRequest) -> Any:
        try:
            return await self._execute(request)
        except FailureError:
            raise
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            raise ApplicationError(message, type="InterpreterError", non_retryable=True) from error

    async def _execute(self, request: StartRequest) -> Any:
        program = _compiled(request)
        data, problems = check_input(program.definition.input, request.input)
        if problems:
            raise _refused("InvalidInput", "; ".join(str(problem) for problem in problems))
        self._run = Run(program, TemporalEffects(), Limits(**request.limits))
        try:
            return await execute(self._run, data)
        except StepFailed as failed:
            raise failed_run(self._run, failed) from failed.__cause__

    @workflow.query(name=STATUS_QUERY)
    def status(self) -> dict[str, Any]:
        """How far the run has come: its steps with state, attempts, times, error and compensation."""
        return {"status": "starting", "steps": []} if self._run is None else self._run.snapshot()


def _compiled(request: StartRequest) -> Program:
    try:
        program = compile_program(request.definition)
    except InvalidDefinition as error:
        raise _refused("InvalidDefinition", str(error)) from None
    if program.digest != request.digest:
        raise _refused("InvalidDefinition", "the text of the definition does not have the digest it came with")
    return program


def _refused(error_type: str, message: str) -> ApplicationError:
    return ApplicationError(message, type=error_type, non_retryable=True)
