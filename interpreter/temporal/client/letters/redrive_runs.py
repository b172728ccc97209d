"""The run of a redrive, for letters that no entity keeps: a client starts it, once, and looks for its end."""

from __future__ import annotations

from typing import Any

from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHistoryEventFilterType,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from interpreter.letters.letter import Redrive
from interpreter.letters.orders import RedriveMode
from interpreter.letters.transitions import RedriveEnd, RedriveResult
from interpreter.temporal.client.ending import read_status
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.run_problem import RunProblem, translate_errors
from interpreter.temporal.wire.redrive_run import build_redrive_options, explain_taken_id

REDRIVE_KEY = "redrive"
"""The key of a run's memo that holds the id of the order which it carries out."""


class RedriveRefused(LetterProblem):
    """The run of a redrive can't be started, and nothing has happened."""


class RedriveLost(LetterProblem):
    """Temporal does not know the run of a redrive any more, so nobody knows how it has ended."""


async def start_redrive_run(client: Client, redrive: Redrive, source_run: str) -> str:
    """Start the run of a redrive, unless it was started before.

    Nobody else may be about to start it: whoever calls this holds the lock of the letter.

    Args:
        client: A client of the namespace of the run that has failed.
        redrive: The redrive.
        source_run: The run id of the run that has failed.

    Returns:
        The run id.

    Raises:
        RedriveRefused: another run has its id, or Temporal will never take it.
        RunProblem: Temporal does not take it now.
    """
    is_whole = redrive.start.mode is RedriveMode.RUN
    if is_whole and (started := await _find_started(client, redrive, source_run)) is not None:
        return started
    try:
        with translate_errors(redrive.workflow_id):
            handle = await client.start_workflow(
                redrive.start.workflow_type,
                id_reuse_policy=_ID_REUSE[redrive.start.mode],
                memo={**redrive.start.memo, REDRIVE_KEY: redrive.order},
                **build_redrive_options(redrive),
            )
    except WorkflowAlreadyStartedError as taken:
        if is_whole or taken.run_id is None:
            raise RedriveRefused(explain_taken_id(redrive)) from None
        return taken.run_id  # the id belongs to this redrive alone
    except RunProblem as problem:
        if isinstance(problem.__cause__, RPCError) and problem.__cause__.status in _REFUSALS:
            raise RedriveRefused(problem.message) from None
        raise
    assert handle.first_execution_run_id is not None
    return handle.first_execution_run_id


async def find_redrive_end(client: Client, redrive: Redrive, run_id: str) -> RedriveEnd | None:
    """Look how the run of a redrive has ended; None while it goes on.

    Raises:
        RedriveLost: Temporal does not know it any more.
        RunProblem: Temporal refuses.
    """
    while True:
        described = await _describe(client, redrive.workflow_id, run_id)
        if described is None:
            raise RedriveLost(
                f"Temporal does not know the run {redrive.workflow_id} any more, so it is not known how it has ended"
            )
        if described.status is not WorkflowExecutionStatus.CONTINUED_AS_NEW:
            break
        run_id = await _find_next_run(client, redrive.workflow_id, run_id)
    match read_status(described.status):
        case "completed":
            return RedriveEnd(RedriveResult.COMPLETED)
        case "cancelled" | "terminated":
            return RedriveEnd(RedriveResult.STOPPED)
        case "failed" | "timed_out":
            run = RunHandle.find(client, redrive.workflow_id, run_id)
            error = (await run.wait_for_ending(follow_runs=False)).error or {}
            return RedriveEnd(RedriveResult.FAILED, error.get("type", "Unknown"), error.get("message", ""))
        case _:
            return None


_REFUSALS = (RPCStatusCode.INVALID_ARGUMENT, RPCStatusCode.PERMISSION_DENIED)
"""After one of these answers nobody need try again: the next one would be the same."""

_ID_REUSE = {
    RedriveMode.STEP: WorkflowIDReusePolicy.REJECT_DUPLICATE,
    RedriveMode.RUN: WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
}
"""The id of a lone step is new with each redrive. A whole run has the id of the run that has failed; one that has
completed since must not be run again."""


async def _find_started(client: Client, redrive: Redrive, source_run: str) -> str | None:
    """Look whether somebody has started a whole run, and could not note it.

    Raises:
        RedriveRefused: since the order a run of somebody else has begun.
    """
    latest = await _describe(client, redrive.workflow_id)
    if latest is None or latest.run_id == source_run:
        return None
    if (await latest.memo()).get(REDRIVE_KEY) == redrive.order:
        return latest.run_id
    if latest.start_time > redrive.since:
        raise RedriveRefused(
            f"another run with the id {redrive.workflow_id} has begun since the order was given"
        )
    return None


async def _describe(
    client: Client, workflow_id: str, run_id: str | None = None
) -> WorkflowExecutionDescription | None:
    try:
        return await client.get_workflow_handle(workflow_id, run_id=run_id).describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        with translate_errors(workflow_id):
            raise


async def _find_next_run(client: Client, workflow_id: str, run_id: str) -> str:
    """Find the run as which a run has continued."""
    handle: Any = client.get_workflow_handle(workflow_id, run_id=run_id)
    closing = WorkflowHistoryEventFilterType.CLOSE_EVENT
    event = await anext(handle.fetch_history_events(event_filter_type=closing))
    new: str = event.workflow_execution_continued_as_new_event_attributes.new_execution_run_id
    return new
