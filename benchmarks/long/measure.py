"""Run the variants, and measure them."""

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
from benchmarks.long.definitions import ITEMS, count_successes, write_small_steps
from benchmarks.long.worker import Variant, read_megabytes, run_worker_process
from interpreter.temporal.dev_server.server import DevServer
from stepfile import prepare, read_text, start

MEMORY_INTERVAL = 5.0
"""How many seconds lie between two measurements of the memory."""


@dataclass(frozen=True)
class LongRun:
    """A `LongRun` is a chain of runs over many items, each of which continues the one before as new."""

    items: int
    seconds: float
    runs: int
    longest: int
    """How many events the run with the most events has."""
    memory: list[tuple[float, float]] = field(default_factory=list)
    """The memory of the worker over time: pairs of seconds since the start and megabytes."""

    @property
    def per_second(self) -> float:
        """Return how many items were done per second."""
        return self.items / self.seconds


@dataclass(frozen=True)
class Bench:
    """A `Bench` is a development server with a worker for each variant."""

    client: Client
    workers: dict[Variant, asyncio.subprocess.Process]

    async def measure_items(self, variant: Variant, items: int) -> LongRun:
        """Measure a run over so many items."""
        begin, memory = time.perf_counter(), list[tuple[float, float]]()
        measuring = asyncio.ensure_future(self._measure_memory(variant, begin, memory))
        handle = await self._start_items(variant, items)
        result = await handle.result()
        seconds = time.perf_counter() - begin
        measuring.cancel()
        assert result == count_successes(items), result
        lengths = await self._read_history_lengths(handle.id)
        return LongRun(items, seconds, len(lengths), max(lengths), memory)

    async def measure_steps(self, variant: Variant, steps: int) -> float:
        """Measure how many small steps are done per second, so many of them one after the other.

        They are local activities in YAML, and normal activities by hand.
        """
        begin = time.perf_counter()
        name = f"steps-{uuid.uuid4().hex[:8]}"
        if variant is Variant.YAML:
            handle: WorkflowHandle[Any, Any] = await start(
                self.client,
                prepare(read_text(write_small_steps(steps))),
                workflow_id=name,
                task_queue=variant.task_queue,
            )
        else:
            handle = await self.client.start_workflow(
                OneAfterTheOther.run, steps, id=name, task_queue=variant.task_queue
            )
        assert await handle.result() == steps
        return steps / (time.perf_counter() - begin)

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

    async def _measure_memory(
        self, variant: Variant, begin: float, memory: list[tuple[float, float]]
    ) -> None:
        while True:
            memory.append((time.perf_counter() - begin, read_megabytes(self.workers[variant])))
            await asyncio.sleep(MEMORY_INTERVAL)

    async def _read_history_lengths(self, workflow_id: str) -> list[int]:
        """Return how many events the history of each run has, once the server lists all runs, which takes a while."""
        last = await self.client.get_workflow_handle(workflow_id).describe()
        while True:
            found = [each async for each in self.client.list_workflows(f'WorkflowId = "{workflow_id}"')]
            if any(each.run_id == last.run_id and each.history_length for each in found):
                return [each.history_length for each in found]
            await asyncio.sleep(0.2)


@asynccontextmanager
async def run_bench(server: DevServer) -> AsyncIterator[Bench]:
    """Run the workers for the length of the block."""
    async with AsyncExitStack() as stack:
        workers = {
            variant: await stack.enter_async_context(run_worker_process(variant, server.address))
            for variant in Variant
        }
        yield Bench(await server.connect(), workers)
