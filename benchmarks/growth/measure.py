"""Run the same work on both interpreters, one after the other, so that a noisy machine is noisy for both."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median
from typing import Any

from temporalio.client import Client, WorkflowHandle

from benchmarks.growth import worker
from benchmarks.growth.definitions import (
    build_peer_branches,
    build_peer_definition,
    build_peer_sequence,
    write_branches,
    write_sequence,
)
from benchmarks.growth.peer import Peer, Statement
from benchmarks.growth.worker import Variant
from benchmarks.worker import WorkerProcess, read_cpu_seconds, run_worker_process
from interpreter.temporal.dev_server.server import DevServer, run_dev_server
from stepfile import Submission, prepare, read_text, start


@dataclass(frozen=True, slots=True)
class Work:
    """The same work for both interpreters, and how much of it one block has."""

    name: str
    text: str
    peer: Statement
    runs: int
    at_once: int


@dataclass(frozen=True, slots=True)
class Block:
    """A `Block` has what one block of runs took, per run."""

    runs_per_second: float
    worker_seconds: float
    """The CPU time of the worker's process."""
    server_seconds: float
    """The CPU time of the server."""
    size: float
    """How many bytes the history has; this is the median of the runs."""


@dataclass(frozen=True, slots=True)
class Size:
    """A `Size` says how much is measured."""

    rounds: int
    steps: tuple[int, ...]
    """How many activities the sequences have."""
    activities: int
    """How many activities a block has; a sequence that is longer is run once."""
    concurrent: int
    """How many runs are started at the same time."""
    kilobytes: tuple[int, ...]
    """How long the texts are whose histories are measured."""


FULL = Size(rounds=7, steps=(10, 100, 1_000), activities=400, concurrent=1_000, kilobytes=(5, 50, 500))
SMALLEST = Size(rounds=2, steps=(2,), activities=2, concurrent=3, kilobytes=(5,))

Rounds = dict[str, dict[Variant, list[Block]]]
"""The blocks of each work and interpreter."""


@dataclass(frozen=True, slots=True)
class Measurements:
    """`Measurements` are all numbers of the page."""

    rounds: Rounds
    history_bytes: dict[int, float]
    """How many bytes the history of a run of ten steps has, by the bytes of the definition."""


def list_work(size: Size) -> list[Work]:
    """List what is measured."""
    works = [
        Work(
            f"{steps:,} steps",
            write_sequence(steps),
            build_peer_sequence(steps),
            runs=max(1, size.activities // steps),
            at_once=8,
        )
        for steps in size.steps
    ]
    branches = Work(
        "5 branches of 4 steps", write_branches(), build_peer_branches(), size.activities // 20 or 1, 8
    )
    many = Work(
        f"10 steps, {size.concurrent:,} runs at once",
        write_sequence(10),
        build_peer_sequence(10),
        size.concurrent,
        size.concurrent,
    )
    return [*works, branches, many]


async def measure(size: Size) -> Measurements:
    """Measure all work in rounds, after one that only warms up, and then the histories."""
    works = list_work(size)
    rounds: Rounds = {work.name: {variant: [] for variant in Variant} for work in works}
    async with run_dev_server() as server, AsyncExitStack() as stack:
        client = await server.connect()
        workers = {
            variant: await stack.enter_async_context(
                run_worker_process(variant, server.address, worker.__name__)
            )
            for variant in Variant
        }
        for number in range(size.rounds + 1):
            for work in works:
                for variant in (*Variant,) if number % 2 else (*reversed(Variant),):
                    block = await _measure_block(work, variant, client, workers[variant], server)
                    if number:
                        rounds[work.name][variant].append(block)
            print(f"round {number} of {size.rounds}", flush=True)
        texts = [write_sequence(10, size=1_000 * kilobytes) for kilobytes in size.kilobytes]
        histories = {len(text): await _measure_history(text, client) for text in texts}
    return Measurements(rounds, histories)


async def _measure_block(
    work: Work, variant: Variant, client: Client, process: WorkerProcess, server: DevServer
) -> Block:
    places = asyncio.Semaphore(work.at_once)
    submission = prepare(read_text(work.text), 0)

    async def run() -> WorkflowHandle[Any, Any]:
        async with places:
            handle = await _start_run(work, submission, variant, client)
            await handle.result()
        return handle

    before = await process.read_cpu_seconds(), read_cpu_seconds(server.pid)
    begin = time.perf_counter()
    handles = await asyncio.gather(*(run() for _ in range(work.runs)))
    seconds = time.perf_counter() - begin
    after = await process.read_cpu_seconds(), read_cpu_seconds(server.pid)
    return Block(
        runs_per_second=work.runs / seconds,
        worker_seconds=(after[0] - before[0]) / work.runs,
        server_seconds=(after[1] - before[1]) / work.runs,
        size=await _measure_sizes(handles[:8]),
    )


async def _start_run(
    work: Work, submission: Submission, variant: Variant, client: Client
) -> WorkflowHandle[Any, Any]:
    if variant is Variant.YAML:
        return await start(client, submission, task_queue=variant.value)
    return await client.start_workflow(
        Peer.run, build_peer_definition(work.peer), id=f"peer-{uuid.uuid4().hex}", task_queue=variant.value
    )


async def _measure_history(text: str, client: Client) -> float:
    handle = await start(client, prepare(read_text(text), 0), task_queue=Variant.YAML.value)
    await handle.result()
    return await _measure_sizes([handle])


async def _measure_sizes(handles: Iterable[WorkflowHandle[Any, Any]]) -> float:
    described: Sequence[Any] = await asyncio.gather(*(handle.describe() for handle in handles))
    sizes: list[int] = [one.raw_description.workflow_execution_info.history_size_bytes for one in described]
    return median(sizes)
