"""The Temporal of one command: the configured one, else a server of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.process.interrupts import Interrupts
from interpreter.temporal.dev_server.server import run_dev_server

if TYPE_CHECKING:
    from interpreter.temporal.client.connection import Client


@dataclass(frozen=True, slots=True)
class Temporal:
    """A Temporal that answers."""

    client: Client
    address: str | None = None
    """Of a server of our own: nobody else knows it."""
    end_watchers: tuple[Callable[[], Awaitable[Exception]], ...] = ()
    """Comes back when a server of our own ends unasked."""


@asynccontextmanager
async def open_temporal(connection: Connection, interrupts: Interrupts) -> AsyncIterator[Temporal]:
    """Connect; with nothing configured start a dev server first and stop it at the end of the block.

    Raises:
        TemporalProblem: Temporal can't be reached or started.
    """
    if connection.is_configured():
        yield Temporal(await connection.connect())
        return
    async with run_dev_server(namespace=connection.namespace or "default") as server:
        interrupts.call_at_second_signal(server.process.kill)
        yield Temporal(await server.connect(), server.address, (server.wait_for_end,))
