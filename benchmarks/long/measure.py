"""Runs and their numbers."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from temporalio.client import Client, WorkflowHandle

from benchmarks.long.by_hand import OneAfterTheOther, Progress, SlidingWindow
from benchmarks.long.definitions import ITEMS, SMALL_STEPS, STEPS, expected_of
from benchmarks.long.worker import Variant, megabytes_of, worker_process
from interpreter.temporal.dev_server.server import DevServer
from stepfile import prepare, read_text, start

EVERY = 5.0
"""Seconds between two looks at the memory."""


@dataclass(frozen=True)
class Long:
    """One chain of runs over many items."""

    items: int
    seconds: float
    runs: int
    longest: int
    """Events of the run that had the most."""
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Seconds since the start and megabytes of the worker."""

    @property
    def per_second(self) -> float:
        return self.items / self.seconds


@dataclass(frozen=True)
class Bench:
    """A dev server with a worker for each variant."""

    client: Client
    workers: dict[Variant, asyncio.subprocess.Process]

    async def items(self, variant: Variant, items: int) -> Long:
        """Run over so many items."""
        begin, memory = time.perf_counter(), list[tuple[float, float]]()
        looking = asyncio.ensure_future(self._look(variant, begin, memory))
        handle = await self._start_items(variant, items)
        result = await handle.result()
        seconds = time.perf_counter() - begin
        looking.cancel()
        assert result == expected_of(items), result
        lengths = await self._lengths(handle.id)
        return Long(items, seconds, len(lengths), max(lengths), memory)

    async def steps_per_second(self, variant: Variant) -> float:
        """Many small steps, one after the other: local in YAML, normal by hand."""
        begin = time.perf_counter()
        name = f"steps-{uuid.uuid4().hex[:8]}"
        if variant is Variant.YAML:
            handle: WorkflowHandle[Any, Any] = await start(
                self.client,
                prepare(read_text(SMALL_STEPS)),
                workflow_id=name,
                task_queue=variant.task_queue,
            )
        else:
            handle = await self.client.start_workflow(
                OneAfterTheOther.run, id=name, task_queue=variant.task_queue
            )
        assert await handle.result() == STEPS
        return STEPS / (time.perf_counter() - begin)

    async def _start_items(self, variant: Variant, items: int) -> WorkflowHandle[Any, Any]:
        name = f"items-{uuid.uuid4().hex[:8]}"
        if variant is Variant.YAML:
            submission = prepare(read_text(ITEMS), items)
            await start(self.client, submission, workflow_id=name, task_queue=variant.task_queue)
        else:
            await self.client.start_workflow(
                SlidingWindow.run, Progress(items), id=name, task_queue=variant.task_queue
            )
        return self.client.get_workflow_handle(name)

    async def _look(self, variant: Variant, begin: float, memory: list[tuple[float, float]]) -> None:
        while True:
            memory.append((time.perf_counter() - begin, megabytes_of(self.workers[variant])))
            await asyncio.sleep(EVERY)

    async def _lengths(self, workflow_id: str) -> list[int]:
        """Of the histories of all runs; the server's list lags behind a little."""
        last = await self.client.get_workflow_handle(workflow_id).describe()
        while True:
            found = [each async for each in self.client.list_workflows(f'WorkflowId = "{workflow_id}"')]
            if any(each.run_id == last.run_id and each.history_length for each in found):
                return [each.history_length for each in found]
            await asyncio.sleep(0.2)


@asynccontextmanager
async def bench(server: DevServer) -> AsyncIterator[Bench]:
    """Start the workers for the length of the block."""
    async with AsyncExitStack() as stack:
        workers = {
            variant: await stack.enter_async_context(worker_process(variant, server.address))
            for variant in Variant
        }
        yield Bench(await server.connect(), workers)
