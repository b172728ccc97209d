"""The soak kills a server with a database file and two workers, each of which is a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from threading import Timer

from temporalio.client import Client

from interpreter.temporal.dev_server.parent_death import tie_to_parent
from interpreter.temporal.dev_server.server import DevServer, run_dev_server
from tests.soak.activities import LEDGER
from tests.support.processes import STEPFILE

ROOT = Path(__file__).parents[2]
TASK_QUEUE = "soak"
WORKERS = 2
PAUSE = 5.0
"""How many seconds a paused worker is stopped; its activities have less time than that."""
SHUTDOWN_TIMEOUT = 30.0
"""How many seconds the workers have to end after the soak."""


NOTHING: Mapping[str, str] = {}


class Cluster:
    """A `Cluster` is the server and the workers. Until `stop`, a process that has ended is started again."""

    def __init__(
        self,
        directory: Path,
        activities: str = "tests.soak.activities",
        environment: Mapping[str, str] = NOTHING,
        *,
        project: Path = ROOT,
    ) -> None:
        """
        Args:
            directory: Where everything is written.
            activities: The module with the activities of the workers.
            environment: What they find there beside all else.
            project: The folder in which the workers run.
        """
        self._directory, self._activities, self._variables = directory, activities, environment
        self._project = project
        self._running: AbstractAsyncContextManager[DevServer] | None = None
        self._server: DevServer | None = None
        self._workers: list[Process | None] = [None] * WORKERS
        self._supervisors: list[asyncio.Task[None]] = []
        self._killed: set[int] = set()
        self.ledger = directory / "ledger.db"
        self.done: Counter[str] = Counter()
        """What was done to the cluster → how often."""
        self.unexpected_ends: list[str] = []
        """The output of workers that were connected, and have ended by themselves."""

    async def start(self) -> Client:
        """Start the server and the workers, and return a client."""
        server = await self._start_server(None)
        self._supervisors = [asyncio.create_task(self._supervise(place)) for place in range(WORKERS)]
        return await server.connect()

    async def stop(self) -> None:
        """Shut the workers down, and stop the server."""
        for supervisor in self._supervisors:
            supervisor.cancel()
        await asyncio.gather(*self._supervisors, return_exceptions=True)
        await asyncio.gather(*(self._shut_down(worker) for worker in self._workers if worker))
        if self._running is not None:
            await self._running.__aexit__(None, None, None)
            self._running = None

    async def kill_worker(self, place: int) -> None:
        """Kill one worker with SIGKILL."""
        worker = self._workers[place]
        if worker is not None and worker.returncode is None:
            self._killed.add(worker.pid)
            worker.kill()
            self.done["worker killed"] += 1
            await worker.wait()

    async def kill_all_workers(self) -> None:
        """Kill the workers, so that there is none for a moment."""
        for place in range(WORKERS):
            await self.kill_worker(place)

    async def pause_worker(self, place: int) -> None:
        """Stop a worker for so long that its attempts time out, and let it continue as if nothing had happened.

        A thread lets it continue, because the event loop may wait for the ledger, which the worker may have locked.
        """
        worker = self._workers[place]
        if worker is not None and worker.returncode is None:
            timer = Timer(PAUSE, _continue, [worker.pid])
            os.kill(worker.pid, signal.SIGSTOP)
            timer.start()
            try:
                await asyncio.sleep(PAUSE)
            finally:
                timer.cancel()
                _continue(worker.pid)
            self.done["worker paused"] += 1

    async def restart_server(self, how: signal.Signals) -> None:
        """End the server with a signal, and start it again with the same port and database file.

        What the server has acknowledged survives even SIGKILL; SQLite rolls back the rest.
        """
        assert self._server is not None
        assert self._running is not None
        port = int(self._server.address.rpartition(":")[2])
        os.kill(self._server.pid, how)
        await self._server.wait_for_end()
        await self._running.__aexit__(None, None, None)
        self.done[f"server {how.name}"] += 1
        await self._start_server(port)

    async def _start_server(self, port: int | None) -> DevServer:
        self._running = run_dev_server(db=self._directory / "temporal.db", port=port)
        self._server = await self._running.__aenter__()
        return self._server

    async def _supervise(self, place: int) -> None:
        """Start a worker, and start it again whenever it has ended."""
        while True:
            log = self._directory / f"worker-{place}.log"
            begin = log.stat().st_size if log.exists() else 0
            worker = self._workers[place] = await self._start_worker(log)
            await worker.wait()
            output = log.read_bytes()[begin:].decode(errors="replace")
            if worker.pid not in self._killed and "worker on task queue" in output:
                self.unexpected_ends.append(f"status {worker.returncode}: {output[-1000:]}")
            await asyncio.sleep(0.1)

    async def _start_worker(self, log: Path) -> Process:
        assert self._server is not None
        command = [str(STEPFILE), "worker", "--activities", self._activities]
        command += ["--task-queue", TASK_QUEUE, "--address", self._server.address]
        command += ["--graceful-shutdown", f"{SHUTDOWN_TIMEOUT / 2:g}s"]
        with log.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                *tie_to_parent(command),
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
                cwd=self._project,
                env={
                    **os.environ,
                    **self._variables,
                    LEDGER: str(self.ledger),
                    "RUST_LOG": "error",
                    "PYTHONPATH": str(ROOT),
                },
                process_group=0,
            )

    async def _shut_down(self, worker: Process) -> None:
        if worker.returncode is None:
            worker.terminate()
            try:
                await asyncio.wait_for(worker.wait(), SHUTDOWN_TIMEOUT)
            except TimeoutError:
                worker.kill()
                await worker.wait()


def _continue(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
