"""Let this process run the entities of circuit breakers, beside what else it does.

The entities of a namespace share one task queue, on which each worker works that makes calls behind a shared breaker:
so it does not matter which of them was the first to start an entity, and whether that one still runs. Several workers
of one process that share a connection share one worker for entities, too: temporalio allows no second one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from dataclasses import dataclass, field
from datetime import timedelta
from weakref import WeakKeyDictionary

from temporalio.client import Client
from temporalio.service import ServiceClient
from temporalio.worker import Worker

from interpreter.temporal.entities.breaker import BreakerEntity
from interpreter.temporal.wire.breaker_names import BREAKER_TASK_QUEUE

BUILD_ID = "stepfile-breakers"
"""Without one, temporalio computes a hash of all modules."""

POLLS = 2
"""Long polls for workflow tasks. temporalio's default is 5; an entity has little to do."""

TAKE_OVER = timedelta(seconds=1)
"""So long an entity waits for the worker that has it in memory before another one takes it. temporalio's default is
10 s; nobody asks an entity for so long."""

logger = logging.getLogger("stepfile.breakers")


@asynccontextmanager
async def serve_entities(client: Client) -> AsyncGenerator[None]:
    """Run entities while this is entered.

    Args:
        client: It must have no plugins, which would add what definitions need.
    """
    serving = _SERVING.setdefault(client.service_client, _Serving())
    await serving.join(client)
    try:
        yield
    finally:
        await serving.leave()


@dataclass(slots=True, eq=False)
class _Serving:
    """The worker for entities of one connection, which runs as long as somebody wants it."""

    _users: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _running: asyncio.Task[None] | None = None

    async def join(self, client: Client) -> None:
        async with self._turn:
            self._users += 1
            if self._running is None or self._running.done():
                # An attempt of an activity may begin it, and it is no part of that: so it gets a context of its own.
                self._running = asyncio.create_task(_serve(client), context=Context())

    async def leave(self) -> None:
        async with self._turn:
            self._users -= 1
            if self._users or self._running is None:
                return
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
            self._running = None


_SERVING: WeakKeyDictionary[ServiceClient, _Serving] = WeakKeyDictionary()


async def _serve(client: Client) -> None:
    try:
        await Worker(
            client,
            task_queue=BREAKER_TASK_QUEUE,
            workflows=[BreakerEntity],
            max_cached_workflows=100,
            sticky_queue_schedule_to_start_timeout=TAKE_OVER,
            max_concurrent_workflow_task_polls=POLLS,
            build_id=BUILD_ID,
        ).run()
    except Exception:
        logger.exception("this worker runs no entities of circuit breakers any more")
