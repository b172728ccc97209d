"""A run that undoes its steps goes on with that, whatever is ordered, and the commands say so."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError

from interpreter.temporal.dev_server.server import DevServer
from stepfile import create_worker, prepare, read_text, start
from tests.support.processes import stepfile
from tests.support.waiting import until

Run = WorkflowHandle[Any, Any]

SAGA = """\
dsl: "1"
name: saga
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
saga: {retry: {initial_interval: 1h}}
steps:
  - {id: booked, activity: book, compensate: {activity: unbook}}
  - {id: last, LAST}
"""
FAILS = "raise: {type: No, message: no}"
WAITS = "wait: 1h"

REQUESTED = "the cancellation of {id} was requested; `stepfile status {id} --follow` shows its progress"
CHANGES_NOTHING = (
    "the cancellation of {id} was requested, but it changes nothing: the run was being undone already"
)


@activity.defn
async def book() -> None: ...


@activity.defn
async def unbook() -> None:
    raise ApplicationError("the hotel is closed", type="Closed")


async def _start(client: Client, last: str, task_queue: str) -> Run:
    submission = prepare(read_text(SAGA.replace("LAST", last)), {})
    return await start(client, submission, workflow_id=task_queue, task_queue=task_queue)


async def test_a_run_that_has_failed_goes_on_undoing(
    server: DevServer, client: Client, task_queue: str
) -> None:
    async with create_worker(client, [book, unbook], task_queue=task_queue):
        run = await _start(client, FAILS, task_queue)
        await until(partial(_is_retried, run), "the compensation waits for its next attempt")
        said = await _command(server, "cancel", task_queue)
        assert CHANGES_NOTHING.format(id=task_queue) in said
        assert f"stepfile compensation list {task_queue}" in said
        assert "stepfile compensation skip` or `retry`" in said
        for command in ("retry", "resume"):
            said = await _command(server, command, task_queue)
            assert f'the run "{task_queue}" has not ended: it is undoing what it has done' in said
            assert f"stepfile compensation list {task_queue}" in said
            assert "stepfile cancel" not in said
    await run.terminate()


async def test_only_the_second_request_to_cancel_changes_nothing(
    server: DevServer, client: Client, task_queue: str
) -> None:
    async with create_worker(client, [book, unbook], task_queue=task_queue):
        run = await _start(client, WAITS, task_queue)
        await until(partial(_waits, run), "the last step waits")
        said = await _command(server, "resume", task_queue)
        assert (
            f"`stepfile cancel {task_queue}` stops it, unless it is undoing what it has done already" in said
        )
        said = await _command(server, "cancel", task_queue)
        assert said.strip() == REQUESTED.format(id=task_queue)
        await until(partial(_is_retried, run), "the compensation waits for its next attempt")
        assert CHANGES_NOTHING.format(id=task_queue) in await _command(server, "cancel", task_queue)
    await run.terminate()


async def test_no_worker_tells_whether_the_run_undoes(
    server: DevServer, client: Client, task_queue: str
) -> None:
    async with create_worker(client, [book, unbook], task_queue=task_queue):
        run = await _start(client, FAILS, task_queue)
        await until(partial(_is_retried, run), "the compensation waits for its next attempt")
    said = await _command(server, "cancel", task_queue)
    assert said.strip() == REQUESTED.format(id=task_queue)
    await run.terminate()


async def _command(server: DevServer, *arguments: str) -> str:
    """Run a command; all that it says."""
    ended = await asyncio.to_thread(stepfile, *arguments, "--address", server.address)
    return ended.stdout + ended.stderr


async def _is_retried(run: Run) -> bool:
    pending = (await run.describe()).raw_description.pending_activities
    return any(each.activity_type.name == "unbook" and each.attempt > 1 for each in pending)


async def _waits(run: Run) -> bool:
    steps = (await run.query("status"))["steps"]
    return any(each["step"] == "last" and each["state"] == "running" for each in steps)
