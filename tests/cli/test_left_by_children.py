"""What a cancelled child has left, its parent tells to whoever has cancelled it, and to whoever looks later."""

from __future__ import annotations

import asyncio

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.dev_server.server import DevServer
from stepfile import create_worker, prepare, read_text, start
from tests.support.processes import stepfile
from tests.support.waiting import until

FAMILY = """\
dsl: "1"
name: family
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
definitions:
  ship:
    defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
    saga: {retry: {maximum_attempts: 1}}
    steps:
      - {id: label, activity: do, args: [label], compensate: {activity: undo, args: [label]}}
      - {id: pause, wait: 1h}
steps:
  - {id: pay, activity: do, args: [pay], compensate: {activity: undo, args: [pay]}}
  - {id: ship, child_workflow: ship}
"""


async def test_what_a_cancelled_child_has_left(server: DevServer, client: Client, task_queue: str) -> None:
    done: list[str] = []

    @activity.defn
    async def do(what: str) -> None:
        done.append(what)

    @activity.defn
    async def undo(what: str) -> None:
        if what == "label":
            raise ApplicationError("it is printed", type="Printed")

    async def call(*words: str) -> tuple[int, str]:
        ended = await asyncio.to_thread(stepfile, *words, "--address", server.address)
        return ended.returncode, ended.stdout + ended.stderr

    async with create_worker(client, [do, undo], task_queue=task_queue):
        await start(client, prepare(read_text(FAMILY), {}), workflow_id=task_queue, task_queue=task_queue)
        await until(lambda: done == ["pay", "label"], "the child has begun")
        code, told = await call("cancel", task_queue, "--wait")
    assert code == ExitCode.FAILED
    why = "the run was cancelled, and not all that it had done could be undone"
    assert (
        f'  NOT undone: ship: steps.ship: ChildWorkflowFailed: child workflow "ship" failed: {why}\n' in told
    )
    _, shown = await call("status", task_queue)
    assert "  undone: pay\n  NOT undone: ship: " in shown
    _, log = await call("log", task_queue)
    lines = [line[14:] for line in log.splitlines()]
    assert lines[-6:-1] == [
        f"step ship failed: Cancelled: {why}",
        "undoing ship",
        "NOT undone: ship",
        "undoing pay",
        "undone: pay",
    ]
    _, listed = await call("list", "--not-undone", "--limit", "1000")
    ids = [line.split()[0] for line in listed.splitlines() if line.startswith(task_queue)]
    assert sorted(ids) == [task_queue, f"{task_queue}/ship"]
