"""The one generic workflow: it runs whatever definition it is started with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

from interpreter.aftermath import NOTHING_DONE
from interpreter.failure import Failure, StepFailed
from interpreter.lifecycle import execute
from interpreter.run import Run
from interpreter.temporal.admission import Refused, admit
from interpreter.temporal.failures import failed_run, temporal_cause
from interpreter.temporal.names import STATUS_QUERY, WORKFLOW_TYPE


@workflow.defn(name=WORKFLOW_TYPE, sandboxed=False)
class StepfileWorkflow:
    """Runs a definition.

    Not sandboxed: this is audited code, and a definition can't reach outside it (docs/decisions/004). Only two
    ways lead out of a run that has not completed: an `ApplicationError`, or cancellation; anything else would
    be our bug, and fails the run as `InterpreterError` instead of blocking it for ever.
    """

    def __init__(self) -> None:
        self._run: Run | None = None
        self._refusal: Failure | None = None

    @workflow.run
    async def run(self, *arguments: Any) -> Any:
        """Takes one `StartRequest`."""
        try:
            return await self._execute(arguments)
        except FailureError:
            raise
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            raise ApplicationError(message, type="InterpreterError", non_retryable=True) from error

    async def _execute(self, arguments: Sequence[Any]) -> Any:
        try:
            self._run, data = admit(arguments)
        except Refused as refused:
            self._refusal = refused.failure
            raise refused.as_error() from None
        try:
            return await execute(self._run, data)
        except StepFailed as failed:
            cause = temporal_cause(failed)
            raise failed_run(self._run, failed, cause) from cause

    @workflow.query(name=STATUS_QUERY)
    def status(self) -> dict[str, Any]:
        """How far the run has come: its steps with state, attempts, times, error and compensation."""
        if self._run is not None:
            return self._run.snapshot()
        return {
            "definition": None,
            "status": "failed" if self._refusal else "starting",
            "error": self._refusal.as_json() if self._refusal else None,
            "steps": [],
            **NOTHING_DONE,
        }
