"""Each case has shared circuit breakers of its own on the server, although many cases name the same ones."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from temporalio.client import Client
from temporalio.worker import Worker

from dsl.model import Definition
from interpreter.temporal.client.breaker_problem import UnknownBreaker
from interpreter.temporal.entities.serving import serve_entities
from interpreter.temporal.worker.breakers.entity import EntityClient
from interpreter.temporal.worker.breakers.watched import WatchedBreakers
from interpreter.temporal.worker.interceptor import find_guard
from stepfile import BreakerHandle


@dataclass(frozen=True)
class OwnBreakers:
    """The shared breakers of one case."""

    client: Client
    names: tuple[str, ...]
    case: str
    """Names the case among all those that the server has seen."""

    @staticmethod
    def of(client: Client, definition: Definition, case: str) -> OwnBreakers:
        """Those that a definition declares."""
        declared = definition.circuit_breakers.items()
        return OwnBreakers(client, tuple(name for name, it in declared if it.scope == "shared"), case)

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        """Run their entities."""
        async with AsyncExitStack() as stack:
            if self.names:
                await stack.enter_async_context(serve_entities(self.client))
            yield

    def put_into(self, worker: Worker) -> None:
        """Let a worker take these for those that are named."""
        guard = find_guard(worker)
        for name in self.names:
            entity = EntityClient(guard.client, self._rename(name))
            guard.watched[name] = WatchedBreakers(entity, uuid4().hex, guard.listener)

    async def states(self) -> dict[str, str]:
        """The states of those of which something is known."""
        found: dict[str, str] = {}
        for name in self.names:
            try:
                known = await BreakerHandle(self.client, self._rename(name)).look()
            except UnknownBreaker:
                continue
            found |= {name if each.key is None else f"{name}[{each.key}]": each.state for each in known}
        return found

    def _rename(self, name: str) -> str:
        return f"{self.case}:{name}"
