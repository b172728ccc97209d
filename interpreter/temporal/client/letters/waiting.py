"""Why nothing happens to a letter that has an order."""

from __future__ import annotations

from temporalio.client import Client

from interpreter.temporal.client.letters.store import Letter
from interpreter.temporal.client.queue_workers import find_workers
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.run_problem import RunProblem
from interpreter.temporal.client.silence import describe_missing_workers


async def explain_waiting(client: Client, letter: Letter) -> str | None:
    """Say what an order, or a redrive that is under way, waits for; None if it waits for nothing that is known."""
    task_queue: str | None = letter.record.get("task_queue")
    if letter.waiting and task_queue is not None:
        return describe_missing_workers(await find_workers(client, task_queue))
    if letter.summary.redrive_id is None:
        return None
    try:
        run = await RunHandle.find(client, letter.summary.redrive_id).take_snapshot()
    except RunProblem:
        return None
    return run.silence
