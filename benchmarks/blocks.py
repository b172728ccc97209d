"""Measure one block of runs of each variant after the other, so that a noisy machine is noisy for all variants."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import cycle, permutations
from statistics import median

from temporalio.client import Client, WorkflowHandle

from benchmarks.receiver import receive_traces
from benchmarks.variants import Outcome, Variant, start_run
from benchmarks.worker import WorkerProcess, read_cpu_seconds, run_worker_process
from interpreter.temporal.dev_server.server import DevServer

CONCURRENT_RUNS = 8
"""How many runs of a block run at the same time."""


@dataclass(frozen=True, slots=True)
class Block:
    """A `Block` has what one block of runs took, per run."""

    runs_per_second: float
    worker_seconds: float
    """The CPU time of the worker's process."""
    all_seconds: float
    """The CPU time of worker, server and starter together."""
    events: float
    """How many events the history of a run has; this is the median of the runs."""
    size: float
    """How many bytes the history of a run has; this is the median of the runs."""


Round = dict[tuple[Variant, Outcome], Block]
"""A round has one block of each variant and outcome."""


async def measure_rounds(server: DevServer, variants: Sequence[Variant], runs: int) -> AsyncIterator[Round]:
    """Measure rounds without end, after one that only warms up. A block has so many runs.

    The order of the variants goes through all permutations. So each variant is equally often the first, and equally
    often comes after each other variant, for which the server may still have work to do.
    """
    client = await server.connect()
    async with AsyncExitStack() as stack:
        environment = stack.enter_context(receive_traces())
        workers = {
            variant: await stack.enter_async_context(
                run_worker_process(variant, server.address, environment=environment)
            )
            for variant in variants
        }
        for number, order in enumerate(cycle(permutations(variants))):
            measured = {
                (variant, outcome): await _measure_block(
                    variant, outcome, client, _Processes(workers[variant], server.pid), runs
                )
                for outcome in Outcome
                for variant in order
            }
            if number > 0:
                yield measured


@dataclass(frozen=True, slots=True)
class _Processes:
    """These three processes work on a block: worker, server, and this process, which starts the runs."""

    worker: WorkerProcess
    server: int
    """The process id of the server."""

    async def read_cpu_seconds(self) -> tuple[float, float, float]:
        """Return the CPU seconds that worker, server and starter have used so far."""
        return await self.worker.read_cpu_seconds(), read_cpu_seconds(self.server), time.process_time()


async def _measure_block(
    variant: Variant, outcome: Outcome, client: Client, processes: _Processes, runs: int
) -> Block:
    places = asyncio.Semaphore(CONCURRENT_RUNS)

    async def run() -> WorkflowHandle[object, object]:
        async with places:
            handle = await start_run(variant, outcome, client)
            result = await handle.result()
        assert result["success"] is (outcome is Outcome.SUCCESS), result
        return handle

    used, begin = await processes.read_cpu_seconds(), time.perf_counter()
    handles = await asyncio.gather(*(run() for _ in range(runs)))
    seconds = time.perf_counter() - begin
    worker, server, starter = (
        after - before for after, before in zip(await processes.read_cpu_seconds(), used, strict=True)
    )
    described = await asyncio.gather(*(handle.describe() for handle in handles))
    about = [one.raw_description.workflow_execution_info for one in described]
    return Block(
        runs_per_second=runs / seconds,
        worker_seconds=worker / runs,
        all_seconds=(worker + server + starter) / runs,
        events=median(info.history_length for info in about),
        size=median(info.history_size_bytes for info in about),
    )
