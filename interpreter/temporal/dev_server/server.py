"""Run Temporal's development server until nobody needs it, and make sure that it is stopped.

`WorkflowEnvironment.start_local` of the SDK runs the same program, but it does not suit a command. Measured with
temporalio 1.35:

- The server is in our own process group, so Ctrl-C in a terminal kills it before the worker has shut down.
- The server stays behind as an orphan when we are killed.
- The server writes warnings into our standard error.
- When the server does not start, nobody is told why.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import TimeoutExpired

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, Plugin
from temporalio.converter import DataConverter
from temporalio.service import RPCError

from interpreter.temporal.data.converter import build_client_options
from interpreter.temporal.dev_server.launch import (
    LogLevel,
    ServerOptions,
    ServerProblem,
    ServerProcess,
    launch_server,
)

MAXIMUM_STARTS = 5
"""How often a start is tried, because another process may take the free port before the server uses it."""
POLL_INTERVAL = 0.01
"""How many seconds lie between two looks at the process, and between two checks whether the server answers."""
STOP_TIMEOUT = 5.0
"""How many seconds a server has to close its database file before it is killed. Measured: it needs 1.2."""


@dataclass(frozen=True, slots=True)
class DevServer:
    """A `DevServer` is a development server that answers."""

    launched: ServerProcess
    namespace: str

    @property
    def address(self) -> str:
        """Return the address for clients and workers, as `host:port`."""
        return self.launched.address

    @property
    def ui_url(self) -> str | None:
        """Return the address of Temporal's UI for a browser, or None if there is no UI."""
        return self.launched.ui_url

    @property
    def pid(self) -> int:
        """Return the process id of the server."""
        return self.launched.process.pid

    def kill(self) -> None:
        """End the server at once, before the block of `run_dev_server` ends it."""
        self.launched.process.kill()

    async def connect(
        self, data_converter: DataConverter | None = None, *, plugins: Sequence[Plugin] = ()
    ) -> Client:
        """Connect a client to this server; unlike `connection.connect`, this ignores the environment."""
        options = build_client_options(data_converter)
        return await Client.connect(self.address, namespace=self.namespace, plugins=plugins, **options)

    async def wait_for_end(self) -> ServerProblem:
        """Wait until the server ends by itself, which it should not, and return the problem."""
        status = await asyncio.to_thread(self.launched.process.wait)
        reason = self.launched.read_log_end()
        return ServerProblem(
            f"Temporal's dev server at {self.address} has ended with status {status}{reason}"
        )


@asynccontextmanager
async def run_dev_server(
    *,
    db: Path | None = None,
    port: int | None = None,
    ui: bool = False,
    ui_port: int | None = None,
    namespace: str = "default",
    log_level: LogLevel = "error",
    dynamic_config: tuple[str, ...] = (),
    startup_timeout: float = 30.0,
    launched: ServerProcess | None = None,
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
        dynamic_config: Values of Temporal's dynamic configuration, each as `KEY=VALUE` with a value of JSON.
        startup_timeout: How many seconds the server has until it must answer.
        launched: The process, if it was started before with the same options.

    Raises:
        ServerProblem: no server is installed, or it did not start; the text has the end of its log.
    """
    options = ServerOptions(db, port, ui, ui_port, namespace, log_level, dynamic_config)
    for attempt in range(1, MAXIMUM_STARTS + 1):
        server = DevServer(launched or launch_server(options), namespace)
        try:
            if await _wait_until_it_answers(server, startup_timeout):
                yield server
                return
            reason = server.launched.read_log_end()
        finally:
            await _stop(server.launched, timeout=0 if db is None else STOP_TIMEOUT)
        if attempt == MAXIMUM_STARTS or not _has_lost_port(reason, chosen={port, ui_port}):
            raise ServerProblem(f"Temporal's dev server did not start{reason}")
        launched = None


async def _stop(launched: ServerProcess, timeout: float) -> None:
    """Ask the server to end, and kill it after `timeout`."""
    try:
        if timeout and launched.process.poll() is None:
            launched.process.terminate()
            await asyncio.to_thread(launched.process.wait, timeout)
    except TimeoutExpired:
        pass  # now it is killed
    finally:  # also if we are cancelled again while the server closes its database
        launched.kill()


async def _wait_until_it_answers(server: DevServer, seconds: float) -> bool:
    """Wait until the server answers.

    The server writes its first line when it has bound its ports, so what answers on them from then on is our server.

    Returns:
        True once the server answers, or False as soon as it has ended.

    Raises:
        ServerProblem: the server does not answer within `seconds`.
    """
    process = server.launched.process
    assert process.stdout is not None
    try:
        async with asyncio.timeout(seconds):
            if not await asyncio.to_thread(process.stdout.readline):
                return False
            while process.poll() is None:
                try:
                    client = await server.connect()
                    await client.workflow_service.describe_namespace(
                        DescribeNamespaceRequest(namespace=server.namespace)
                    )
                    return True
                except (RuntimeError, RPCError):  # what `Client.connect` and a call raise
                    await asyncio.sleep(POLL_INTERVAL)
    except TimeoutError:
        reason = server.launched.read_log_end()
        raise ServerProblem(f"Temporal's dev server did not answer within {seconds:g} s{reason}") from None
    return False


def _has_lost_port(reason: str, chosen: set[int | None]) -> bool:
    """Tell whether another process took a port that we had found free; `chosen` are the ports of the user."""
    return "address already in use" in reason and not any(f":{port}:" in reason for port in chosen)
