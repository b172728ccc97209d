"""A workflow of the user's own stays in Temporal's sandbox, which imports its module anew, and Stepfile with it."""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client

from stepfile import StartOptions, create_worker
from stepfile.activity import idempotency_key


@activity.defn
async def tell_key() -> str:
    """Return the key of an activity that no definition has called. It is made of the ids."""
    return idempotency_key()


@workflow.defn
class AskForKey:
    """Uses a module that imports from both public modules."""

    @workflow.run
    async def run(self) -> str:
        assert workflow.unsafe.in_sandbox()
        assert StartOptions() is not None
        return await workflow.execute_activity(tell_key, start_to_close_timeout=timedelta(seconds=30))


async def test_it_may_import_stepfile(client: Client, task_queue: str) -> None:
    async with create_worker(client, [tell_key], workflows=[AskForKey], task_queue=task_queue):
        key = await client.execute_workflow(AskForKey.run, id=task_queue, task_queue=task_queue)
    assert key == f"{task_queue}/1"
