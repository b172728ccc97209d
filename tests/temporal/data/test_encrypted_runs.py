"""What the server keeps of encrypted runs has no plain text of their data, and every command can read them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from interpreter.temporal.client.messages import ask
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.run_problem import RunProblem
from interpreter.temporal.data.encryption import ENCODING
from interpreter.temporal.dev_server.server import DevServer
from stepfile import (
    Message,
    ScheduleOptions,
    StepfilePlugin,
    create_schedule,
    create_worker,
    prepare,
    query_status,
    read_text,
    start,
)
from stepfile.activity import idempotency_key
from stepfile.encryption import encrypt_payloads
from tests.support.history import events_of
from tests.support.server_dump import dump, dump_run
from tests.support.waiting import until
from tests.temporal.data.keys import KEYS

PLAIN = "hush"
"""It stands in all data of the runs below, and nowhere else."""

PRIVATE = """\
dsl: "1"
name: private
description: A hush description
signals: {told: {}}
updates: {ask: {result: "'hush answer ' + payload"}}
queries: {answer: "'hush query'"}
dead_letter_queues: {dlq: {activity: keep}}
saga: {retry: {maximum_attempts: 1}}
vars: {kept: hush}
definitions:
  inner:
    input: {}
    defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
    steps: [{id: fails, activity: fail, args: ["${ input }"]}]
defaults: {timeouts: {start_to_close: 10s, heartbeat: 1s}, retry: {maximum_attempts: 1}}
steps:
  - {id: told, wait_for: {signal: told}}
  - {id: asked, wait_for: {any: [ask]}}
  - {id: echo, activity: echo, args: ["${ steps.told.result }"], summary: hush summary}
  - {id: near, activity: echo, args: ["${ input }"], local: true}
  - {id: stuck, activity: stay_silent, args: ["${ input }"], catch: [{as: error, result: "error.details"}]}
  - {id: inner, child_workflow: inner, input: hush of the child, catch: [{as: error, result: "error.message"}]}
  - id: all
    for_each: "${ ['hush one', 'hush two'] }"
    as: item
    key: item
    steps: [{id: each, activity: echo, args: ["${ item }"]}]
  - {id: lettered, activity: fail, args: [hush of the letter], dead_letter: {queue: dlq, then: continue}}
  - {id: booked, activity: echo, args: [hush], compensate: {activity: fail, args: [hush of the undoing]}}
  - {id: last, activity: fail, args: ["${ steps.echo.result + vars.kept }"]}
"""

_keys: list[str] = []


@activity.defn
async def echo(text: str) -> str:
    _keys.append(idempotency_key())
    return f"{PLAIN} {text}"


@activity.defn
async def keep(letter: dict[str, Any]) -> None:
    """Keep a dead letter."""


@activity.defn
async def fail(text: str) -> None:
    try:
        raise ValueError(f"{PLAIN} cause")
    except ValueError as error:
        raise ApplicationError(f"hush {text}", {"detail": PLAIN}, type="Refused") from error


@activity.defn
async def stay_silent(text: str) -> None:
    activity.heartbeat(text)
    await asyncio.sleep(10)


ACTIVITIES: list[Callable[..., Any]] = [echo, keep, fail, stay_silent]


@pytest_asyncio.fixture
async def owner(server: DevServer) -> Client:
    """A client that encrypts."""
    return await server.connect(encrypt_payloads(lambda: KEYS))


@pytest_asyncio.fixture
async def failed_run(owner: Client, task_queue: str) -> AsyncIterator[WorkflowHandle[Any, Any]]:
    """A run in which everything has happened, and failed in the end, while its worker still answers."""
    async with create_worker(owner, ACTIVITIES, task_queue=task_queue):
        submission = prepare(read_text(PRIVATE), f"{PLAIN} input")
        run = await start(
            owner,
            submission,
            workflow_id=task_queue,
            task_queue=task_queue,
            signal=Message("told", f"{PLAIN} signal"),
        )
        assert await run.execute_update("ask", PLAIN) == "hush answer hush"
        with pytest.raises(WorkflowFailureError) as failed:
            await run.result()
        assert isinstance(failed.value.cause, ApplicationError)
        assert failed.value.cause.message == "hush hush hush signalhush"
        yield run


async def test_no_plain_text_is_kept(owner: Client, failed_run: WorkflowHandle[Any, Any]) -> None:
    assert await failed_run.query("answer") == "hush query"
    assert PLAIN in str(await query_status(failed_run))
    assert f"{failed_run.id}/all[hush one]/each" in _keys
    for workflow_id in (failed_run.id, f"{failed_run.id}/inner"):
        text = await dump_run(owner, workflow_id)
        assert "Refused" in text
        assert ENCODING.decode() in text
        assert PLAIN not in text
    replayer = Replayer(workflows=[], plugins=[StepfilePlugin()], data_converter=owner.data_converter)
    await replayer.replay_workflow(await failed_run.fetch_history())


async def test_a_query_that_fails(owner: Client, failed_run: WorkflowHandle[Any, Any]) -> None:
    """temporalio gives the message of a failed query as it is, encoded."""
    with pytest.raises(RunProblem, match="Either the definition has no such query"):
        await ask(RunHandle(owner, failed_run), "nope")


STUBBORN = """\
dsl: "1"
name: stubborn
defaults: {timeouts: {start_to_close: 10s}}
steps: [{id: fails, activity: fail_deep, args: ["${ input }"], retry: {maximum_attempts: 2, initial_interval: 1m}}]
"""


@activity.defn
async def fail_deep(text: str) -> None:
    """Fail with a chain of causes and a long stack trace."""

    def fail_at(depth: int) -> None:
        try:
            if depth:
                fail_at(depth - 1)
            raise ValueError(f"{PLAIN} {text} {depth}")
        except Exception as error:
            raise RuntimeError(f"{PLAIN} wrapped {depth}") from error

    fail_at(8)


async def test_a_failure_that_is_repeated_arrives(owner: Client, task_queue: str) -> None:
    """What the codec adds has its place in the 4 KB that the server keeps of it."""
    async with create_worker(owner, [fail_deep], task_queue=task_queue):
        submission = prepare(read_text(STUBBORN), "input")
        handle = await start(owner, submission, workflow_id=task_queue, task_queue=task_queue)
        run = RunHandle(owner, handle)

        async def has_failed() -> bool:
            return any(each.error for each in (await run.take_snapshot()).pending)

        await until(has_failed, "the activity has failed")
        assert (await run.take_snapshot()).pending[0].error == "RuntimeError: hush wrapped 8"
        described = (await handle.describe()).raw_description
        failure = described.pending_activities[0].last_failure
        assert failure.message == "Encoded failure", "the server has cut it"
        assert failure.ByteSize() > 1_500
        assert PLAIN not in dump(described)
        await handle.terminate()


async def test_a_schedule(owner: Client, task_queue: str) -> None:
    submission = prepare(read_text(PRIVATE), f"{PLAIN} input")
    options = ScheduleOptions(every=(timedelta(hours=1),))
    handle = await create_schedule(owner, submission, options, schedule_id=task_queue, task_queue=task_queue)
    text = dump((await handle.describe()).raw_description)
    assert "stepfile:private" in text
    assert PLAIN not in text
    await handle.delete()


WAITING = """\
dsl: "1"
name: waiting
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
signals: {go: {}}
steps:
  - {id: before, activity: echo, args: ["${ input }"]}
  - {id: go, wait_for: {signal: go}}
  - {id: after, activity: echo, args: ["${ steps.before.result + steps.go.result }"]}
output: ${ steps.after.result }
"""


@pytest.mark.slow
async def test_a_key_is_replaced_while_a_run_waits(server: DevServer, task_queue: str) -> None:
    """The old run finishes, and what it sends from then on names the new key. Without the old one nothing goes on."""
    old, new = KEYS.items()
    keys = dict([old])
    client = await server.connect(encrypt_payloads(lambda: dict(keys)))
    async with create_worker(client, ACTIVITIES, task_queue=task_queue, max_cached_workflows=0):
        submission = prepare(read_text(WAITING), "input")
        run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)

        async def waits() -> bool:
            steps = (await query_status(run))["steps"]
            return any(step["step"] == "go" and step["state"] == "running" for step in steps)

        await until(waits, "the run waits")
    before = len(await events_of(run))
    assert await find_key_ids(run) == {old[0]}

    keys = dict([new])
    client = await server.connect(encrypt_payloads(lambda: dict(keys)))
    handle = client.get_workflow_handle(task_queue)
    async with create_worker(client, ACTIVITIES, task_queue=task_queue, max_cached_workflows=0):
        await handle.signal("go", " signal")

        async def fails() -> bool:
            return (await handle.describe()).raw_description.pending_workflow_task.attempt > 1

        await until(fails, "the workflow task has failed")

    keys = dict([new, old])
    client = await server.connect(encrypt_payloads(lambda: dict(keys)))
    handle = client.get_workflow_handle(task_queue)
    async with create_worker(client, ACTIVITIES, task_queue=task_queue, max_cached_workflows=0):
        assert await handle.result() == "hush hush input signal"
    assert await find_key_ids(handle, after=before) == {new[0]}


async def find_key_ids(run: WorkflowHandle[Any, Any], after: int = 0) -> set[str]:
    """The ids of the keys of all payloads in a history."""
    found = re.findall(r"encryption-key-id\n[^\n]*\n([^\n]+)", dump(*(await events_of(run))[after:]))
    return set(found)
