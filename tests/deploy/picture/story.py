"""The story: a shop does well, its bank goes down and comes back, and then its workers are gone for a while.

All is real: a Temporal, two processes of `stepfile worker`, a Prometheus that scrapes both, and `stepfile dlq stats`,
which is asked again and again, as by a cron job.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle

from interpreter.temporal.dev_server.server import DevServer, run_dev_server
from stepfile import prepare, read_text, start
from tests.cli.running_command import run_in_background
from tests.deploy.files import DEPLOY
from tests.deploy.picture import shop
from tests.deploy.picture.definitions import INVOICE, ORDER, TRIP
from tests.deploy.picture.letter_page import LetterPage
from tests.deploy.prometheus import Prometheus, run_prometheus
from tests.support.metrics import find_free_port

QUEUE = "shop"
PAUSE = 0.5
"""Seconds between two orders."""


@dataclass(frozen=True)
class Times:
    """How many seconds each part of the story takes."""

    well: float
    down: float
    back: float
    gone: float
    again: float


@dataclass(frozen=True)
class Trouble:
    """A part of the story in which something was wrong, with its Unix times."""

    name: str
    began: float
    ended: float


@dataclass(frozen=True)
class Story:
    """What has happened, and who knows of it."""

    prometheus: Prometheus
    began: float
    ended: float
    troubles: Sequence[Trouble]


@asynccontextmanager
async def tell_story(folder: Path, times: Times) -> AsyncIterator[Story]:
    """Let all of it happen; inside, Prometheus can be asked.

    Args:
        folder: An empty folder.
        times: How long it takes.
    """
    async with run_dev_server() as server:
        ports = [find_free_port() for _ in range(2)]
        staff = _Workers(server, folder, ports)
        with LetterPage(server.address) as letters, ExitStack() as stack:
            stack.callback(staff.end)
            targets = [*(f"127.0.0.1:{port}" for port in ports), letters.address]
            prometheus = stack.enter_context(run_prometheus(folder, *targets))
            background = [asyncio.create_task(each) for each in (_order(server), letters.renew())]
            try:
                yield await _tell(staff, prometheus, folder / "up", times)
            finally:
                for each in background:
                    each.cancel()
                await asyncio.gather(*background, return_exceptions=True)


async def _tell(staff: _Workers, prometheus: Prometheus, bank: Path, times: Times) -> Story:
    bank.touch()
    staff.start()
    began = time.time()
    await asyncio.sleep(times.well)
    bank.unlink()
    down = time.time()
    await asyncio.sleep(times.down)
    bank.touch()
    up = time.time()
    await asyncio.sleep(times.back)
    gone = time.time()
    await asyncio.to_thread(staff.end)
    await asyncio.sleep(times.gone)
    await asyncio.to_thread(staff.start)
    again = time.time()
    await asyncio.sleep(times.again)
    troubles = [Trouble("the bank is down", down, up), Trouble("no worker", gone, again)]
    return Story(prometheus, began, time.time(), troubles)


@dataclass
class _Workers:
    """The workers of the shop."""

    server: DevServer
    folder: Path
    ports: Sequence[int]
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Start them all, and wait until they work."""
        at = ("--address", self.server.address, "--task-queue", QUEUE, "--graceful-shutdown", "1s")
        for port in self.ports:
            words = ("worker", *at, "--activities", shop.__name__, "--metrics-address", f"127.0.0.1:{port}")
            environment = {shop.FOLDER: str(self.folder)}
            worker = self._running.enter_context(
                run_in_background(*words, cwd=DEPLOY.parent, env=environment)
            )
            self._running.callback(worker.wait_for_exit)
            self._running.callback(worker.send_signal, signal.SIGTERM)
            worker.wait_for_output("worker on task queue")

    def end(self) -> None:
        """Stop them as a deployment does, and wait until they have ended."""
        self._running.close()


async def _order(server: DevServer) -> None:
    """Start a trip, and then orders and invoices in turn."""
    client = await server.connect()
    trip, kinds = prepare(read_text(TRIP)), [read_text(text) for text in (ORDER, INVOICE)]
    started: list[asyncio.Task[WorkflowHandle[Any, Any]]] = []
    await start(client, trip, workflow_id="trip", task_queue=QUEUE)
    with suppress(asyncio.CancelledError):
        while True:
            number = len(started)
            submission = prepare(kinds[number % 2], {"number": number // 2})
            starting = start(client, submission, workflow_id=f"run-{number}", task_queue=QUEUE)
            started.append(asyncio.create_task(starting))
            await asyncio.sleep(PAUSE)
    await asyncio.gather(*started)
