"""What can be done to a run: each act leaves a new run under its id, or does nothing where it can't be done.

Further commands of repair belong into `ACTS`; the checks are the same for all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from interpreter.effects import UndoneStatus
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.repair.resume import plan_resume
from interpreter.temporal.repair.retry import plan_retry
from interpreter.temporal.wire.undone_records import decode_records
from stepfile import start
from tests.soak.cluster import TASK_QUEUE
from tests.soak.sagas import Saga, retry_call
from tests.support.resets import list_tasks, reset

Run = WorkflowHandle[Any, Any]
Act = Callable[[Client, Saga, float], Awaitable[bool]]
"""Does something to the latest run of a saga, at one of several places; whether it has done it."""


async def reset_latest(client: Client, saga: Saga, where: float) -> bool:
    """Reset the latest run to some workflow task."""
    return await _reset(client, await find_latest(client, saga), where)


async def reset_latest_to_first(client: Client, saga: Saga, where: float) -> bool:
    """Reset the latest run to its first workflow task."""
    return await _reset(client, await find_latest(client, saga), 0.0)


async def reset_any(client: Client, saga: Saga, where: float) -> bool:
    """Reset one of all runs, also of those that were reset before, to some workflow task."""
    runs = [each async for each in client.list_workflows(f"WorkflowId = '{saga.run}'")]
    place = where * len(runs)
    chosen = client.get_workflow_handle(saga.run, run_id=runs[int(place)].run_id)
    return await _reset(client, chosen, place % 1)


async def start_again(client: Client, saga: Saga, where: float) -> bool:
    """Start the saga again under its id, unless it has completed, or nobody knows whether something is undone."""
    latest = await find_latest(client, saga)
    described = await retry_call(latest.describe)
    records = decode_records(await described.memo()).values()
    ended = described.status in (WorkflowExecutionStatus.FAILED, WorkflowExecutionStatus.CANCELED)
    if not ended or any(record.status is UndoneStatus.UNDOING for record in records):
        return False
    try:
        await start(client, saga.prepare(), workflow_id=saga.run, task_queue=TASK_QUEUE)
    except (
        RPCError,
        TemporalProblem,
        WorkflowAlreadyStartedError,
    ):  # the server was killed, perhaps after it has started the run
        return False
    return True


async def resume(client: Client, saga: Saga, where: float) -> bool:
    """Resume the latest run, if it has ended and its plan is not refused."""
    try:
        resumption = await plan_resume(client, saga.run)
        await resumption.start(reason="the soak")
    except TemporalProblem:
        return False
    return True


async def retry(client: Client, saga: Saga, where: float) -> bool:
    """Run the latest run again, unless nobody knows whether something is undone."""
    try:
        plan = await plan_retry(client, saga.run)
        if any("nobody knows" in note for note in plan.notes):
            return False
        await plan.start(reason="the soak")
    except TemporalProblem:
        return False
    return True


ACTS: dict[str, Act] = {
    "resume": resume,
    "retry": retry,
    "reset": reset_latest,
    "reset to first": reset_latest_to_first,
    "reset any": reset_any,
    "start again": start_again,
}


async def find_latest(client: Client, saga: Saga) -> Run:
    """Find the latest run of a saga."""
    described = await retry_call(client.get_workflow_handle(saga.run).describe)
    return client.get_workflow_handle(saga.run, run_id=described.run_id)


async def _reset(client: Client, run: Run, where: float) -> bool:
    tasks = await retry_call(lambda: list_tasks(run))
    if not tasks:
        return False
    try:
        await reset(client, run, tasks[int(where * len(tasks))])
    except RPCError as error:
        if error.status is RPCStatusCode.INVALID_ARGUMENT:
            raise
        return False  # the server was killed, perhaps after it has reset the run
    return True
