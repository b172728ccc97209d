"""What has become of the run that has written a letter, as the server tells it."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from interpreter.temporal.client.letters.source import GONE, look_at_source
from tests.support.waiting import until


@workflow.defn(sandboxed=False)
class Chain:
    """A run that continues as new so many times, and then waits."""

    def __init__(self) -> None:
        self._may_end = False

    @workflow.run
    async def run(self, times: int) -> None:
        if times:
            workflow.continue_as_new(times - 1)
        await workflow.wait_condition(lambda: self._may_end)

    @workflow.signal
    def end(self) -> None:
        self._may_end = True


@pytest.fixture
def source_id(task_queue: str) -> str:
    return f"{task_queue}-source"


def record(workflow_id: str, run_id: str | None) -> dict[str, Any]:
    return {"workflow_id": workflow_id, "run_id": run_id}


async def test_a_run_that_continues_as_new_is_the_same_one(
    client: Client, task_queue: str, source_id: str
) -> None:
    async with Worker(client, task_queue=task_queue, workflows=[Chain]):
        run = await client.start_workflow(Chain.run, 1, id=source_id, task_queue=task_queue)
        first = record(source_id, run.first_execution_run_id)

        async def has_continued() -> bool:
            return (await run.describe()).run_id != run.first_execution_run_id

        await until(has_continued, "it has continued as new")
        source = await look_at_source(client, first)
        assert (source.is_running, source.is_later) == (True, False)
        await run.signal(Chain.end)
        await client.get_workflow_handle(source_id).result()
        source = await look_at_source(client, first)
        assert (source.is_running, source.is_later, source.has_completed) == (False, False, True)

        again = await client.start_workflow(Chain.run, 0, id=source_id, task_queue=task_queue)
        source = await look_at_source(client, first)
        assert (source.is_running, source.is_later) == (True, True)
        await again.terminate()
        source = await look_at_source(client, record(source_id, again.first_execution_run_id))
        assert (source.is_later, source.was_stopped, source.has_undone) == (False, True, False)


async def test_a_run_whose_retention_is_over(client: Client, source_id: str) -> None:
    assert await look_at_source(client, record(source_id, "unknown")) == GONE
