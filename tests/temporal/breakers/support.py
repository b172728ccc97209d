"""A service that tests switch on and off, workers in processes of their own, and runs that call the service."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from dsl.reading.reader import read_text
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.wire.breaker_names import build_entity_id
from stepfile import prepare, start
from tests.support.history import events_of
from tests.support.waiting import until

WORKER = '''
"""A worker whose only activity calls the service: a folder. What it finds there tells how the service is."""

import asyncio, os, sys
from pathlib import Path
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from stepfile import create_worker

address, queue, folder, name, mark = sys.argv[1:]
folder = Path(folder)

@activity.defn
async def pay(request=None):
    with open(folder / "ledger", "a") as ledger:
        ledger.write(f"{name} {activity.info().workflow_id}\\n")
    own = folder / f"state-{name}"
    while True:
        state = (own if own.exists() else folder / "state").read_text()
        if state != "hang":
            break
        activity.heartbeat()
        await asyncio.sleep(0.05)
    if state.startswith("slow"):
        await asyncio.sleep(float(state.split()[1]))
    if state == "down":
        raise ApplicationError("the service is down", type="Down")
    if state == "refuses":
        raise ApplicationError("no", type="Refused", non_retryable=True)
    return "paid"

async def main():
    client = await Client.connect(address)
    async with create_worker(client, [pay], task_queue=queue):
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
'''

DEFINITION = """
dsl: "1"
name: shop
defaults:
  timeouts: {timeouts}
  retry: {{maximum_attempts: {attempts}, initial_interval: 300ms}}
circuit_breakers:
  {breaker}: {settings}
steps:
  - {{id: call, activity: pay, circuit_breaker: {{name: {breaker}, on_open: {on_open}}}}}
"""


@dataclass
class Service:
    """What is called: a folder."""

    folder: Path

    def set(self, state: str, worker: str | None = None) -> None:
        """Say how it is: `up`, `down`, `hang`, `refuses` or `slow 1`; for all workers, or as one of them sees it."""
        name = "state" if worker is None else f"state-{worker}"
        new = self.folder / f"{name}.new"
        new.write_text(state)
        new.rename(self.folder / name)

    def calls(self, worker: str | None = None) -> list[str]:
        """The workflow ids of the calls that have reached it, in order."""
        ledger = self.folder / "ledger"
        lines = [line.split() for line in ledger.read_text().splitlines()] if ledger.exists() else []
        return [run for name, run in lines if worker in (None, name)]


@dataclass
class Shop:
    """Runs that pay, by a breaker of their own."""

    client: Client
    queue: str
    service: Service
    breaker: str = field(default_factory=lambda: f"b{uuid4().hex[:10]}")
    settings: str = "{failure_threshold: 3, wait_duration_in_open_state: 2s}"

    @property
    def entity(self) -> WorkflowHandle[Any, Any]:
        """The workflow of the breaker."""
        return self.client.get_workflow_handle(build_entity_id(self.breaker))

    async def begin(
        self,
        *,
        on_open: str = "fail",
        attempts: int = 1,
        queue: str | None = None,
        settings: str | None = None,
        timeouts: str = "{start_to_close: 5s}",
    ) -> WorkflowHandle[Any, Any]:
        """Start a run that pays."""
        text = DEFINITION.format(
            breaker=self.breaker,
            settings=settings or self.settings,
            on_open=on_open,
            attempts=attempts,
            timeouts=timeouts,
        )
        workflow_id = f"{self.queue}-{uuid4().hex[:8]}"
        submission = prepare(read_text(text), None)
        return await start(self.client, submission, workflow_id=workflow_id, task_queue=queue or self.queue)

    async def pay(self, **options: Any) -> str:
        """Pay, and tell how it went: `paid`, or the type of the error."""
        return await outcome(await self.begin(**options))

    async def show(self) -> dict[str, Any]:
        """What the entity knows of the breaker."""
        shown: dict[str, Any] = await self.entity.query("show")
        return shown

    async def state(self) -> str:
        """The state of the breaker."""
        breakers = (await self.show())["breakers"]
        return str(breakers[0]["state"]) if breakers else "closed"

    async def trip(self) -> None:
        """Let the service fail until the breaker is open; then it is well again."""
        self.service.set("down")
        while await self.pay() != "CircuitBreakerOpen":
            pass
        self.service.set("up")

    async def count_events(self) -> int:
        """How many events the entity has in its history."""
        return (await self.entity.describe()).history_length


def build_activity(shop: Shop) -> Callable[..., Any]:
    """The activity that calls the service, in this process."""

    @activity.defn
    async def pay() -> str:
        with (shop.service.folder / "ledger").open("a") as ledger:
            ledger.write(f"here {activity.info().workflow_id}\n")
        while (state := (shop.service.folder / "state").read_text()) == "hang":
            activity.heartbeat()
            await asyncio.sleep(0.05)
        if state == "down":
            raise ApplicationError("the service is down", type="Down")
        if state == "refuses":
            raise ApplicationError("no", type="Refused", non_retryable=True)
        return "paid"

    return pay


async def outcome(run: WorkflowHandle[Any, Any]) -> str:
    """How a run has ended: its result, or the type of its error."""
    try:
        return str(await run.result())
    except WorkflowFailureError as failed:
        return str(getattr(failed.cause, "type", None))


async def read_error(run: WorkflowHandle[Any, Any]) -> dict[str, Any]:
    """The error of a run that fails."""
    with pytest.raises(WorkflowFailureError) as failed:
        await run.result()
    assert isinstance(failed.value.cause, ApplicationError)
    error: dict[str, Any] = failed.value.cause.details[0]["error"]
    return error


@dataclass
class WorkerProcess:
    """A worker in a process of its own."""

    process: Process

    def kill(self) -> None:
        """End it without a chance to say anything."""
        self.process.kill()

    def stop(self) -> None:
        """Let it stand still."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        os.kill(self.process.pid, signal.SIGCONT)


@asynccontextmanager
async def worker_process(
    server: DevServer, queue: str, service: Service, name: str
) -> AsyncGenerator[WorkerProcess]:
    """Run a worker while this is entered."""
    arguments = (server.address, queue, str(service.folder), name, queue)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, *arguments, stdout=asyncio.subprocess.PIPE, stderr=DEVNULL
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"ready\n"
        yield WorkerProcess(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def wait_for_state(shop: Shop, state: str) -> None:
    """Wait until the breaker has a state."""

    async def is_there() -> bool:
        return await shop.state() == state

    await until(is_there, f"the breaker is {state}")


async def count_calls_of(run: WorkflowHandle[Any, Any]) -> int:
    """How many activities a run has scheduled."""
    events = await events_of(run)
    return sum(each.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED for each in events)
