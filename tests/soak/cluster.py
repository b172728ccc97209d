"""A server that forgets nothing and two workers, each a process of its own, to be killed."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections import Counter
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

from temporalio.client import Client

from interpreter.temporal.dev_server.parent_death import tie_to_parent
from interpreter.temporal.dev_server.server import DevServer, run_dev_server
from tests.soak.activities import LEDGER
from tests.support.processes import STEPFILE

ROOT = Path(__file__).parents[2]
TASK_QUEUE = "soak"
WORKERS = 2
PAUSE = 5.0
"""Seconds that a paused worker stands still: longer than its activities have."""
DRAIN = 30.0
"""Seconds that the workers have to end when all is over."""


class Cluster:
    """What there is to kill. Whatever ends is started anew until `stop`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running: AbstractAsyncContextManager[DevServer] | None = None
        self._server: DevServer | None = None
        self._workers: list[Process | None] = [None] * WORKERS
        self._keepers: list[asyncio.Task[None]] = []
        self._killed: set[int] = set()
        self.ledger = directory / "ledger.db"
        self.done: Counter[str] = Counter()
        """What has been done to it → how often."""
        self.deserted: list[str] = []
        """Workers that were connected, and ended by themselves: what they said."""

    async def start(self) -> Client:
        """Start all of it."""
        server = await self._start_server(None)
        self._keepers = [asyncio.create_task(self._keep(place)) for place in range(WORKERS)]
        return await server.connect()

    async def cancel_scope(self) -> None:
        """Let the workers finish what they do, and stop all."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(self._drain(worker) for worker in self._workers if worker))
        if self._running is not None:
            await self._running.__aexit__(None, None, None)
            self._running = None

    async def kill_worker(self, place: int) -> None:
        """SIGKILL."""
        worker = self._workers[place]
        if worker is not None and worker.returncode is None:
            self._killed.add(worker.pid)
            worker.kill()
            self.done["worker killed"] += 1
            await worker.wait()

    async def kill_all_workers(self) -> None:
        """For a moment there is none."""
        for place in range(WORKERS):
            await self.kill_worker(place)

    async def pause_worker(self, place: int) -> None:
        """It stands still, is given up, and goes on as if nothing had happened."""
        worker = self._workers[place]
        if worker is not None and worker.returncode is None:
            os.kill(worker.pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(PAUSE)
            finally:
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGCONT)
            self.done["worker paused"] += 1

    async def restart_server(self, how: signal.Signals) -> None:
        """The same port and the same file: acknowledged work survives even SIGKILL (SQLite rolls back the rest)."""
        assert self._server is not None
        assert self._running is not None
        port = int(self._server.address.rpartition(":")[2])
        self._server.process.send_signal(how)
        await self._server.process.wait()
        await self._running.__aexit__(None, None, None)
        self.done[f"server {how.name}"] += 1
        await self._start_server(port)

    async def _start_server(self, port: int | None) -> DevServer:
        self._running = run_dev_server(db=self._directory / "temporal.db", port=port)
        self._server = await self._running.__aenter__()
        return self._server

    async def _keep(self, place: int) -> None:
        """See to it that there is a worker."""
        while True:
            log = self._directory / f"worker-{place}.log"
            begin = log.stat().st_size if log.exists() else 0
            worker = self._workers[place] = await self._start_worker(log)
            await worker.wait()
            said = log.read_bytes()[begin:].decode(errors="replace")
            if worker.pid not in self._killed and "worker on task queue" in said:
                self.deserted.append(f"status {worker.returncode}: {said[-1000:]}")
            await asyncio.sleep(0.1)

    async def _start_worker(self, log: Path) -> Process:
        assert self._server is not None
        command = [str(STEPFILE), "worker", "--activities", "tests.soak.activities"]
        command += ["--task-queue", TASK_QUEUE, "--address", self._server.address]
        command += ["--graceful-shutdown", f"{DRAIN / 2:g}s"]
        with log.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *tie_to_parent(command),
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
                cwd=ROOT,
                env={**os.environ, LEDGER: str(self.ledger), "RUST_LOG": "error"},
                process_group=0,
            )

    async def _drain(self, worker: Process) -> None:
        if worker.returncode is None:
            worker.terminate()
            try:
                await asyncio.wait_for(worker.wait(), DRAIN)
            except TimeoutError:
                worker.kill()
                await worker.wait()
