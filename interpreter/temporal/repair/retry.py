"""Run a run again from its beginning."""

from __future__ import annotations

from typing import Any

from temporalio.client import Client, WorkflowHandle

from interpreter.temporal.client.predecessor import find_predecessor
from interpreter.temporal.repair.ended_run import EndedRun
from interpreter.temporal.repair.problem import RepairProblem
from interpreter.temporal.wire.repair_record import RepairRecord
from interpreter.temporal.wire.request import retry_arguments


async def retry(client: Client, workflow_id: str, *, reason: str | None = None) -> WorkflowHandle[Any, Any]:
    """Run a run again from its beginning, under the same id, with the same definition and input.

    Steps whose effects were undone have the next keys; all others have the keys that they had, so that a service that
    knows them does nothing twice.

    Args:
        client: A connection, as from `connect`.
        workflow_id: The id. Its last run has failed, was cancelled or terminated, or has timed out.
        reason: Why; it is kept in the memo of the new run, with the identity of the client.

    Returns:
        temporalio's handle of the new run.

    Raises:
        TemporalProblem: there is no such run, or it can't be run again; the message says why.
    """
    ended = await EndedRun.find(client, workflow_id)
    if ended.started.cron_schedule:
        raise RepairProblem(
            f'"{workflow_id}" is a round of a cron workflow, and another run would not have its keys',
            f"`stepfile resume {workflow_id}` goes on with them",
        )
    before = await find_predecessor(client, workflow_id)
    arguments = retry_arguments(ended.arguments, before.generation, before.undone)
    record = RepairRecord("retry", ended.info.run_id, client.identity, reason)
    return await ended.start_again(arguments, {}, record)
