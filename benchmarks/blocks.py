"""Measure: blocks of runs of one variant after another, so that a noisy machine is noisy for all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import cycle, permutations
from statistics import median

from temporalio.client import Client, WorkflowHandle

from benchmarks.variants import Variant, Way, start_run
from benchmarks.worker import WorkerProcess, cpu_seconds_of, worker_process
from interpreter.temporal.dev_server.server import DevServer

RUNS = 16
"""Of one block."""
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Block:
    """What one block of runs took, per run."""

    runs_per_second: float
    worker_seconds: float
    """CPU time of the worker's process."""
    all_seconds: float
    """CPU time of worker, server and starter together."""
    events: float
    """Of the history, as are the bytes; medians of the runs."""
    size: float


Round = dict[tuple[Variant, Way], Block]


async def rounds(server: DevServer) -> AsyncIterator[Round]:
    """Rounds without end of one block of each variant and way, after one that only warms up.

    Their order changes through all permutations: each is as often first, and as often behind each other, whose
    last work the server may still do.
    """
    client = await server.connect()
    async with AsyncExitStack() as stack:
        workers = {v: await stack.enter_async_context(worker_process(v, server.address)) for v in Variant}
        for number, order in enumerate(cycle(permutations(Variant))):
            measured = {
                (variant, way): await _block(variant, way, client, _Processes(workers[variant], server.pid))
                for way in Way
                for variant in order
            }
            if number > 0:
                yield measured


@dataclass(frozen=True, slots=True)
class _Processes:
    """The three that work on a block."""

    worker: WorkerProcess
    server: int

    async def used(self) -> tuple[float, float, float]:
        """CPU seconds of worker, server and starter so far."""
        return await self.worker.cpu_seconds(), cpu_seconds_of(self.server), time.process_time()


async def _block(variant: Variant, way: Way, client: Client, processes: _Processes) -> Block:
    places = asyncio.Semaphore(AT_ONCE)

    async def run() -> WorkflowHandle[object, object]:
        async with places:
            handle = await start_run(variant, way, client)
            result = await handle.result()
        assert result["success"] is (way is Way.SUCCESS), result
        return handle

    used, begin = await processes.used(), time.perf_counter()
    handles = await asyncio.gather(*(run() for _ in range(RUNS)))
    seconds = time.perf_counter() - begin
    worker, server, starter = (
        after - before for after, before in zip(await processes.used(), used, strict=True)
    )
    described = await asyncio.gather(*(handle.describe() for handle in handles))
    about = [one.raw_description.workflow_execution_info for one in described]
    return Block(
        runs_per_second=RUNS / seconds,
        worker_seconds=worker / RUNS,
        all_seconds=(worker + server + starter) / RUNS,
        events=median(info.history_length for info in about),
        size=median(info.history_size_bytes for info in about),
    )
