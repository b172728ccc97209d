"""Resets as they are made, of runs that get messages and write letters, while workers are lost."""

from __future__ import annotations

import asyncio
import os
import uuid
from asyncio.subprocess import DEVNULL, Process
from functools import partial
from pathlib import Path

import pytest
from google.protobuf.empty_pb2 import Empty
from temporalio.api.batch.v1 import BatchOperationReset
from temporalio.api.common.v1 import ResetOptions
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import StartBatchOperationRequest
from temporalio.client import Client
from temporalio.worker import Worker

from interpreter.temporal.client import start as start_module
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.wire.request import StartRequest
from interpreter.temporal.wire.undone_sums import FIND_UNDONE
from stepfile import create_worker
from stepfile.encryption import encrypt_payloads
from tests.soak.activities import LEDGER
from tests.soak.ledger import Ledger
from tests.support.history import events_of
from tests.support.processes import STEPFILE
from tests.support.resets import find_task, list_tasks, reset
from tests.support.waiting import until
from tests.temporal.data.keys import KEYS
from tests.temporal.resets.service import (
    HEAD,
    LAST,
    Run,
    Service,
    begin,
    count_of_memo,
    expect_failure,
    fail_at_last,
    latest,
    step,
)


async def test_a_healthy_run_has_not_one_event_more(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    async with worker:
        run = await begin(client, task_queue, f"{HEAD}steps:\n{step('a')}")
        await run.result()
    names = [EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in await events_of(run)]
    task = ["WORKFLOW_TASK_SCHEDULED", "WORKFLOW_TASK_STARTED", "WORKFLOW_TASK_COMPLETED"]
    activity = ["ACTIVITY_TASK_SCHEDULED", "ACTIVITY_TASK_STARTED", "ACTIVITY_TASK_COMPLETED"]
    assert names == [
        "WORKFLOW_EXECUTION_STARTED",
        *task,
        *activity,
        *task,
        "WORKFLOW_EXECUTION_COMPLETED",
    ]


@pytest.mark.parametrize("to_first", [True, False], ids=["first task", "last task"])
async def test_by_a_batch(
    client: Client, task_queue: str, service: Service, worker: Worker, to_first: bool
) -> None:
    """Temporal's UI resets several runs so. The last workflow task is the one in which the run has failed."""
    options = (
        ResetOptions(first_workflow_task=Empty()) if to_first else ResetOptions(last_workflow_task=Empty())
    )
    async with worker:
        run = await fail_at_last(client, task_queue, service)
        await client.workflow_service.start_batch_operation(
            StartBatchOperationRequest(
                namespace=client.namespace,
                visibility_query=f"WorkflowId = '{task_queue}'",
                job_id=str(uuid.uuid4()),
                reason="a test",
                reset_operation=BatchOperationReset(options=options, identity="a test"),
            )
        )

        async def is_reset() -> bool:
            return (await latest(client, task_queue)).run_id != run.run_id

        await until(is_reset, "the batch has reset the run")
        again = await latest(client, task_queue)
        if to_first:
            await again.result()
            assert service.lasting == ["a#2", "b#2", "c#2", "last"]
        else:
            assert (await expect_failure(again)).type == "No"
            assert service.lasting == []


async def test_signals_are_handled_once_more(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    text = f"""\
{HEAD}signals: {{go: {{}}}}
steps:
{step("a")}  - {{id: wait, wait_for: {{signal: go}}}}
{step("b")}{LAST}"""
    async with worker:
        service.fails = {"last"}
        run = await begin(client, task_queue, text)
        await run.signal("go")
        await expect_failure(run)
        service.fails = set()
        behind = await reset(client, run, await find_task(run, "a"))
        assert (await expect_failure(behind)).type == "UndoneBeforeReset"
        first = await reset(client, run, (await list_tasks(run))[0])
        await first.result()
    assert service.lasting == ["a#2", "b#2", "last"]


async def test_a_letter_has_the_same_key(
    client: Client, task_queue: str, service: Service, worker: Worker
) -> None:
    text = f"""\
{HEAD}dead_letter_queues: {{kept: {{activity: keep}}}}
steps:
{step("a")}  - {{id: b, activity: do, args: [b], dead_letter: {{queue: kept, then: continue}}}}
{LAST}"""
    async with worker:
        service.fails = {"b"}
        run = await begin(client, task_queue, text)
        await run.result()
        again = await reset(client, run, await find_task(run, "a"))
        await again.result()
    assert service.letters == [f"{task_queue}/b"] * 2
    assert service.lasting == ["a", "last"]


@pytest.mark.slow
async def test_payloads_are_encrypted_also_where_the_run_continues_as_new(
    server: DevServer, task_queue: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_module, "StartRequest", partial(StartRequest, continue_as_new_after=1))
    client = await server.connect(encrypt_payloads(lambda: KEYS))
    async with create_worker(client, service.activities(), task_queue=task_queue):
        service.fails = {"last"}
        first = await begin(client, task_queue)
        await expect_failure(client.get_workflow_handle(task_queue))
        service.fails = set()
        await reset(client, first, (await list_tasks(first))[0])
        await client.get_workflow_handle(task_queue).result()
        assert await count_of_memo(await latest(client, task_queue)) == {"a": 1, "b": 1, "c": 1}
    assert service.lasting == ["a#2", "b#2", "c#2", "last"]


SAGA = """\
dsl: "1"
name: reset-while-killed
defaults: {timeouts: {start_to_close: 20s}, retry: {maximum_attempts: 3}}
steps:
  - {id: a, activity: move, args: ["${ step.key }", 1, [well]], compensate: {activity: move_back, args: ["${ step.key }", null, [well]]}}
  - {id: b, activity: move, args: ["${ step.key }", 1, [well]], compensate: {activity: move_back, args: ["${ step.key }", null, [well]]}}
  - {id: c, activity: move, args: ["${ step.key }", 1, [declined]]}
"""  # noqa: E501


@pytest.mark.slow
async def test_the_worker_is_killed_right_after_the_reset(
    server: DevServer, client: Client, task_queue: str, tmp_path: Path
) -> None:
    """One worker is killed while the question is open, and the next one before anything follows from the answer."""
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.create()
    start_one = partial(start_process, server, task_queue, tmp_path / "ledger.db")
    processes = [await start_one()]
    try:
        run = await begin(client, task_queue, SAGA)
        await expect_failure(run)
        task = await find_task(run, "b")
        again = await reset(client, run, task)
        processes[-1].kill()
        await processes[-1].wait()
        processes.append(await start_one())
        await until(partial(has_asked, again), "the run asks", within=40)
        processes[-1].kill()
        await processes[-1].wait()
        processes.append(await start_one())
        assert (await expect_failure(again)).type == "UndoneBeforeReset"
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()
    assert sum(ledger.accounts().values()) == 0
    assert ledger.accounts()[task_queue] == 0


async def start_process(server: DevServer, task_queue: str, ledger: Path) -> Process:
    """Start a worker in a process of its own."""
    command = [str(STEPFILE), "worker", "--activities", "tests.soak.activities", "--task-queue", task_queue]
    return await asyncio.create_subprocess_exec(
        *command,
        "--address",
        server.address,
        stdout=DEVNULL,
        stderr=DEVNULL,
        cwd=Path(__file__).parents[3],
        env={**os.environ, LEDGER: str(ledger)},
    )


async def has_asked(run: Run) -> bool:
    """Whether a run has asked what was undone since it was reset."""
    return any(
        event.activity_task_scheduled_event_attributes.activity_type.name == FIND_UNDONE
        for event in await events_of(run)
    )
