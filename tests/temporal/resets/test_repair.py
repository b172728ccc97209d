"""A run that was reset and can't go on is repaired by the commands that its error names."""

from __future__ import annotations

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.worker import Worker

from interpreter.temporal.repair.resume import plan_resume
from interpreter.temporal.repair.retry import plan_retry
from stepfile import create_worker
from tests.support.resets import find_task, list_tasks, reset
from tests.support.waiting import until
from tests.temporal.resets.service import Service, begin, count_of_memo, expect_failure, fail_at_last
from tests.temporal.resets.test_reset import complete_at_second_try


async def test_resumed(client: Client, task_queue: str, service: Service, worker: Worker) -> None:
    async with worker:
        run = await fail_at_last(client, task_queue, service)
        again = await reset(client, run, await find_task(run, "b"))
        await expect_failure(again)
        resumption = await plan_resume(client, task_queue)
        assert resumption.plan.refused == []
        await (await resumption.start()).result()
    assert service.lasting == ["a#2", "b#2", "c#2", "last"]


async def test_retried(client: Client, task_queue: str, service: Service, worker: Worker) -> None:
    async with worker:
        run = await fail_at_last(client, task_queue, service)
        again = await reset(client, run, await find_task(run, "b"))
        await expect_failure(again)
        await (await (await plan_retry(client, task_queue)).start()).result()
    assert service.lasting == ["a#2", "b#2", "c#2", "last"]


async def test_resumed_that_was_cancelled_before_it_knew_what_was_undone(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    """It was decided how the run ends before the answer came."""
    async with worker:
        run = await fail_at_last(client, task_queue, service)
    again = await reset(client, run, (await list_tasks(run))[0])
    await again.cancel()
    async with create_worker(client, service.activities(), task_queue=task_queue):
        with pytest.raises(WorkflowFailureError):
            await again.result()
        await (await (await plan_resume(client, task_queue)).start()).result()
    assert service.lasting == ["a#2", "b#2", "c#2", "last"]


@pytest.mark.parametrize("to", ["first", "c"])
async def test_not_resumed_that_was_ended_before_it_knew_what_was_undone(
    client: Client, task_queue: str, service: Service, to: str
) -> None:
    async with create_worker(client, service.activities(), task_queue=task_queue):
        run = await fail_at_last(client, task_queue, service)
        last = await find_task(run, "c")
    again = await reset(client, run, (await list_tasks(run))[0] if to == "first" else last)
    await again.terminate("enough")
    plan = (await plan_resume(client, task_queue)).plan
    assert plan.state is None
    assert "the run was reset, and has ended before it knew what was undone since" in plan.refused[0]
    async with create_worker(client, service.activities(), task_queue=task_queue):
        await (await (await plan_retry(client, task_queue)).start()).result()
    assert service.lasting == ["a#2", "b#2", "c#2", "last"]


async def test_retried_after_two_runs_that_were_ended_before_anybody_knew(
    client: Client, task_queue: str, service: Service
) -> None:
    async with create_worker(client, service.activities(), task_queue=task_queue):
        service.fails, service.hangs = {"last"}, {"undo b"}
        run = await begin(client, task_queue)
        await until(lambda: service.calls[-1:] == ["undo b"], "b is being undone")
        await run.terminate("enough")
        service.hangs = set()
    again = await reset(client, run, (await list_tasks(run))[0])
    await again.terminate("enough")
    notes = (await plan_retry(client, task_queue)).notes
    assert [note.split(":")[0] for note in notes] == [
        "b keeps its key, but nobody knows whether its effect is still there"
    ]


async def test_not_resumed_if_nobody_knows_whether_a_step_was_undone(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        service.fails, service.hangs = {"last"}, {"undo b"}
        run = await begin(client, task_queue)
        await until(lambda: service.calls[-1:] == ["undo b"], "b is being undone")
        await run.terminate("enough")
        again = await reset(client, run, (await list_tasks(run))[0])
        assert (await expect_failure(again)).type == "UndoneBeforeReset"
        plan = (await plan_resume(client, task_queue)).plan
        notes = (await plan_retry(client, task_queue)).notes
        service.hangs = set()
    why = "the run was ended while this step was being undone, and nobody knows whether it is"
    assert plan.refused == [f"b: {why}"]
    assert [note.split(":")[0] for note in notes] == [
        "b keeps its key, but nobody knows whether its effect is still there"
    ]


async def test_resumed_where_a_block_was_done_anew(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        run = await complete_at_second_try(client, task_queue, service)
        again = await reset(client, run, await find_task(run, "b"))
        await expect_failure(again)
        resumption = await plan_resume(client, task_queue)
        assert resumption.plan.refused == []
        await (await resumption.start()).result()
    assert service.lasting == ["a#2", "b#2", "c", "last"]


async def test_resumed_a_step_that_had_not_begun(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        run = await complete_at_second_try(client, task_queue, service)
        service.fails = {"last"}
        again = await reset(client, run, await find_task(run, "a"))
        await expect_failure(again)
        service.fails = set()
        resumption = await plan_resume(client, task_queue)
        assert resumption.plan.refused == []
        await (await resumption.start()).result()
    assert service.lasting == ["a#2", "b#3", "c", "last"]


async def test_a_resumed_run_is_reset(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        await fail_at_last(client, task_queue, service)
        service.fails = {"last"}
        resumed = await (await plan_resume(client, task_queue)).start()
        await expect_failure(resumed)
        service.fails = set()
        handle = client.get_workflow_handle(
            task_queue, run_id=resumed.result_run_id or resumed.first_execution_run_id
        )
        again = await reset(client, handle, (await list_tasks(handle))[0])
        await again.result()
        print(await count_of_memo(again))
    assert service.lasting == ["a#3", "b#3", "c#3", "last"]
