"""Resets of parents and of children: a child that has failed has undone itself."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import RawValue
from temporalio.worker import Worker

from interpreter.temporal.lineage import children
from tests.support.resets import find_task, list_tasks, reset
from tests.support.waiting import until
from tests.temporal.resets.service import (
    HEAD,
    LAST,
    Run,
    Service,
    begin,
    count_of_memo,
    expect_failure,
    latest,
    poke,
    step,
)

CHILD = f"""\
{HEAD}definitions:
  child:
    dsl: "1"
    name: child
    defaults: {{timeouts: {{start_to_close: 60s, heartbeat: 5s}}, retry: {{maximum_attempts: 1}}}}
    steps:
    {step("inner")}      - {{id: end, activity: do, args: [end]}}
steps:
{step("a")}  - {{id: nested, child_workflow: {{definition: child, workflow_id: "${{ run.workflow_id }}-child"}}MORE}}
{LAST}"""
PLAIN = CHILD.replace("MORE", "")
UNDOABLE = CHILD.replace("MORE", ", compensate: {activity: undo, args: [nested]}")


async def begin_with_child(client: Client, task_queue: str, service: Service, text: str) -> tuple[Run, int]:
    """Start a run, and find a workflow task of it in which its child runs."""
    service.hangs = {"end"}
    run = await begin(client, task_queue, text)
    await poke(run, service, "end")
    return run, (await list_tasks(run))[-1]


async def test_into_a_pending_child_that_has_failed_since(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    """The server tells the reset run how its child has ended, so it knows that the child has undone itself."""
    async with worker:
        run, task = await begin_with_child(client, task_queue, service, PLAIN)
        service.fails, service.hangs = {"end"}, set()
        assert (await expect_failure(run)).type == "ChildWorkflowFailed"
        service.fails = set()
        again = await reset(client, run, task)
        assert (await expect_failure(again)).type == "ChildWorkflowFailed"
        assert await count_of_memo(again) == {"a": 1, "nested": 1}
        await (await begin(client, task_queue, PLAIN)).result()
    assert service.lasting == ["a#2", "end", "inner#2", "last"]


async def test_into_a_pending_child_of_which_nothing_was_undone(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        run, task = await begin_with_child(client, task_queue, service, PLAIN)
        again = await reset(client, run, task)
        service.hangs = set()
        await again.result()
    assert service.lasting == ["a", "end", "inner", "last"]


async def test_into_a_pending_child_that_was_undone_since(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        run, task = await begin_with_child(client, task_queue, service, UNDOABLE)
        service.fails, service.hangs = {"last"}, set()
        await expect_failure(run)
        service.fails = set()
        again = await reset(client, run, task)
        assert (await expect_failure(again)).type == "UndoneBeforeReset"
        assert await count_of_memo(again) == {"a": 1, "nested": 1}


async def test_behind_a_child_that_was_undone_since(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        service.fails = {"last"}
        run = await begin(client, task_queue, UNDOABLE)
        await expect_failure(run)
        service.fails = set()
        again = await reset(client, run, (await list_tasks(run))[3])
        assert (await expect_failure(again)).type == "UndoneBeforeReset"
        assert await count_of_memo(again) == {"a": 1, "nested": 1}


async def test_of_a_parent_to_its_first_task_the_child_is_another_one(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        service.fails = {"end"}
        run = await begin(client, task_queue, PLAIN)
        await expect_failure(run)
        service.fails = set()
        again = await reset(client, run, (await list_tasks(run))[0])
        await again.result()
    assert service.lasting == ["a#2", "end", "inner#2", "last"]


async def test_of_a_parent_whose_child_still_runs_and_then_undoes_itself(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    """The run that was reset does not know of the child by its history, and must not take its effects for done."""
    async with worker:
        run, _ = await begin_with_child(client, task_queue, service, PLAIN)
        again = await reset(client, run, (await list_tasks(run))[0])
        await until(partial(_asks, again), "the run asks what was undone")
        service.fails_once, service.hangs = {"end"}, set()
        await again.result()
    assert service.lasting == ["a", "end", "inner#2", "last"]


async def test_of_a_parent_whose_child_goes_on_running(
    client: Client, task_queue: str, service: Service, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "LONGEST_WAIT", timedelta(seconds=1))
    async with worker:
        run, _ = await begin_with_child(client, task_queue, service, PLAIN)
        again = await reset(client, run, (await list_tasks(run))[0])
        error = await expect_failure(again)
        service.hangs = set()
    assert error.type == "UndoneBeforeReset"
    assert f'the child "{task_queue}-child", which another run has begun, runs still' in error.message


async def _asks(run: Run) -> bool:
    pending = (await run.describe()).raw_description.pending_activities
    return any(each.activity_type.name == "stepfile.find_undone" for each in pending)


async def test_of_a_parent_whose_child_has_an_id_that_a_foreign_client_has_used(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    """What was undone of the child before can't be known, and the run must not wait for it."""
    async with worker:
        service.fails = {"end"}
        run = await begin(client, task_queue, PLAIN)
        await expect_failure(run)
        service.fails = set()
        await _start_wrongly(client, f"{task_queue}-child", "stepfile:child", task_queue)
        again = await reset(client, run, (await list_tasks(run))[0])
        error = await expect_failure(again)
    assert error.type == "UndoneBeforeReset"
    assert f'what the child "{task_queue}-child" was started with can\'t be read' in error.message
    assert service.lasting == []


async def test_of_a_parent_whose_child_can_not_be_decoded(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    """A client with another codec has used the id of the child."""
    alien = RawValue(Payload(metadata={"encoding": b"binary/encrypted"}, data=b"x"))
    async with worker:
        service.fails = {"end"}
        run = await begin(client, task_queue, PLAIN)
        await expect_failure(run)
        service.fails = set()
        child = await client.start_workflow(
            "stepfile:child", args=[alien, alien], id=f"{task_queue}-child", task_queue=task_queue
        )
        await child.terminate()
        again = await reset(client, run, (await list_tasks(run))[0])
        error = await expect_failure(again)
    assert error.type == "UndoneBeforeReset"
    assert f'what the child "{task_queue}-child" tells can\'t be decoded' in error.message


async def test_beside_a_run_that_a_foreign_client_has_started(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    """A run that was refused has undone nothing."""
    async with worker:
        service.fails = {"end"}
        run = await begin(client, task_queue, PLAIN)
        await expect_failure(run)
        service.fails = set()
        await _start_wrongly(client, task_queue, "stepfile:saga", task_queue)
        again = await reset(client, run, (await list_tasks(run))[0])
        await again.result()
    assert service.lasting == ["a#2", "end", "inner#2", "last"]


async def _start_wrongly(client: Client, workflow_id: str, workflow_type: str, task_queue: str) -> None:
    run = await client.start_workflow(workflow_type, args=[{}, {}], id=workflow_id, task_queue=task_queue)
    assert (await expect_failure(run)).type == "InvalidRequest"


async def test_of_a_child(client: Client, task_queue: str, service: Service, worker: Worker) -> None:
    async with worker:
        service.fails = {"end"}
        await expect_failure(await begin(client, task_queue, PLAIN))
        service.fails = set()
        child = await latest(client, f"{task_queue}-child")
        behind = await reset(client, child, await find_task(child, "inner"))
        assert (await expect_failure(behind)).type == "UndoneBeforeReset"
        first = await reset(client, child, (await list_tasks(child))[0])
        await first.result()
    assert service.lasting == ["end", "inner#2"]


async def test_of_a_child_whose_parent_still_waits(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    """The parent goes on waiting for the child, and hears of the end of its new run."""
    async with worker:
        run, _ = await begin_with_child(client, task_queue, service, PLAIN)
        child = await latest(client, f"{task_queue}-child")
        await reset(client, child, await find_task(child, "inner"))
        await until(partial(_is_terminated, child), "the old run of the child is over")
        service.hangs = set()
        await run.result()
    assert service.lasting == ["a", "end", "inner", "last"]


async def _is_terminated(run: Run) -> bool:
    return (await run.describe()).status is WorkflowExecutionStatus.TERMINATED
