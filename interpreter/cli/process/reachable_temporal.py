"""A command uses the Temporal server that is configured, or starts a development server of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interpreter.cli.arguments.connection_options import DEFAULT_NAMESPACE, ConnectionOptions
from interpreter.cli.arguments.data_converter import find_data_converter
from interpreter.cli.process.interrupts import Interrupts
from interpreter.temporal.dev_server.launch import ServerProcess
from interpreter.temporal.dev_server.server import run_dev_server
from interpreter.temporal.tracing.switch import load_trace_plugins

if TYPE_CHECKING:
    from interpreter.temporal.client.connection import Client


@dataclass(frozen=True, slots=True)
class ReachableTemporal:
    """A `ReachableTemporal` is a Temporal server that answers."""

    client: Client
    own_address: str | None = None
    """The address of a server that this command has started, which nobody else knows; otherwise None."""
    end_watchers: tuple[Callable[[], Awaitable[Exception]], ...] = ()
    """Each waits until a server that this command has started ends by itself, and returns why."""


@asynccontextmanager
async def connect_or_start_dev_server(
    connection: ConnectionOptions, file: str, interrupts: Interrupts, launched: ServerProcess | None
) -> AsyncGenerator[ReachableTemporal]:
    """Connect to the configured server; if none is, run a development server for the length of the block.

    Args:
        connection: The options of the command.
        file: The FILE of the command, around which its project may be.
        interrupts: A second signal kills the development server.
        launched: What `launch_early` has started.

    Raises:
        TemporalProblem: the server can't be reached or started, or the project's data converter can't be used.
    """
    if connection.is_configured():
        yield ReachableTemporal(await connection.connect(file))
        return
    data_converter = find_data_converter(file)
    namespace = connection.namespace or DEFAULT_NAMESPACE
    async with run_dev_server(namespace=namespace, launched=launched) as server:
        interrupts.call_at_second_signal(server.kill)
        client = await server.connect(data_converter, plugins=load_trace_plugins())
        yield ReachableTemporal(client, server.address, (server.wait_for_end,))
