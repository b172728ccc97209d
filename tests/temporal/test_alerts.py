"""An alert is sent at least once, also if the worker dies, and the run ends as it would without it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from interpreter.temporal.dev_server.server import DevServer
from stepfile import StepfilePlugin, prepare, read_text, start
from tests.support.waiting import until

WORKER = '''
"""The pager writes each call into a ledger, and does not end while there is a file named busy."""

import asyncio, sys
from pathlib import Path
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from stepfile import create_worker
from stepfile.activity import idempotency_key

address, queue, place = sys.argv[1:]

@activity.defn
async def do(): ...

@activity.defn
async def undo():
    raise ApplicationError("no answer", type="NoAnswer", non_retryable=True)

@activity.defn
async def page(record):
    with open(Path(place, "ledger"), "a") as file:
        file.write(f"{idempotency_key()} {record['steps'][0]['error']['type']}\\n")
    while Path(place, "busy").exists():
        await asyncio.sleep(0.1)

async def main():
    client = await Client.connect(address)
    async with create_worker(client, [do, undo, page], task_queue=queue):
        await asyncio.Event().wait()

asyncio.run(main())
'''

SAGA = """\
dsl: "1"
name: saga
defaults: {timeouts: {start_to_close: 3s}}
saga: {retry: {maximum_attempts: 2}, on_not_undone: {activity: page}}
steps:
  - {id: a, activity: do, compensate: {activity: undo}}
  - {id: last, raise: {type: No, message: no}}
"""


@asynccontextmanager
async def run_worker(server: DevServer, queue: str, place: Path) -> AsyncIterator[Process]:
    """Run a worker in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, server.address, queue, str(place), stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.slow
async def test_the_worker_dies_while_somebody_is_told(
    server: DevServer, client: Client, task_queue: str, tmp_path: Path
) -> None:
    ledger, busy = tmp_path / "ledger", tmp_path / "busy"
    busy.touch()
    async with run_worker(server, task_queue, tmp_path) as worker:
        run = await start(client, prepare(read_text(SAGA)), workflow_id=task_queue, task_queue=task_queue)
        await until(ledger.exists, "somebody is being told", within=60)
        await run.cancel()  # too late, and nothing that an alert hears of
        os.kill(worker.pid, signal.SIGKILL)
    busy.unlink()
    async with run_worker(server, task_queue, tmp_path):
        with pytest.raises(WorkflowFailureError) as failed:
            await run.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "No"
    lines = ledger.read_text().splitlines()
    assert len(lines) == 2
    assert len(set(lines)) == 1  # the same key: a pager can tell a repetition
    assert lines[0].endswith("/saga.on_not_undone NoAnswer")
    await Replayer(workflows=[], plugins=[StepfilePlugin()]).replay_workflow(await run.fetch_history())
