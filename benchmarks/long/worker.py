"""A worker runs in a process of its own, `python -m benchmarks.long.worker VARIANT ADDRESS`, until its input ends."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from pathlib import Path

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from benchmarks.long.activities import ACTIVITIES
from benchmarks.long.by_hand import WORKFLOWS
from interpreter.cli.process.exit import exit_process
from interpreter.temporal.observing.runtime import set_up_runtime
from stepfile import create_worker


class Variant(Enum):
    """A `Variant` is a way to write and run the workflows."""

    YAML = "yaml"
    BY_HAND = "by hand, sandboxed"
    UNSANDBOXED = "by hand, unsandboxed"

    @property
    def task_queue(self) -> str:
        """Return the task queue of its worker."""
        return self.name.lower()


@asynccontextmanager
async def run_worker_process(variant: Variant, address: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the worker of a variant for the length of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", __name__, variant.name, address),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # each failing item is logged with its traceback
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if not await process.stdout.readline():
            raise RuntimeError(f"the worker {variant.name} did not start")
        yield process
    finally:
        process.stdin.close()
        await process.wait()


def read_megabytes(process: asyncio.subprocess.Process) -> float:
    """Return the memory of a process in megabytes, or nan on other systems than Linux, where it is not known."""
    try:
        pages = int(Path(f"/proc/{process.pid}/statm").read_text(encoding="utf-8").split()[1])
    except FileNotFoundError:
        return float("nan")
    return pages * 4096 / 1e6


async def serve(variant: Variant, address: str) -> None:
    """Run the worker until the input ends."""
    set_up_runtime()  # else the core writes its warnings among the answers
    client = await Client.connect(address)
    async with _make_worker(variant, client):
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)


def _make_worker(variant: Variant, client: Client) -> Worker:
    if variant is Variant.YAML:
        return create_worker(client, ACTIVITIES, task_queue=variant.task_queue)
    more = {"workflow_runner": UnsandboxedWorkflowRunner()} if variant is Variant.UNSANDBOXED else {}
    return Worker(
        client,
        task_queue=variant.task_queue,
        workflows=WORKFLOWS,
        activities=ACTIVITIES,
        **more,  # type: ignore[arg-type]
    )


if __name__ == "__main__":
    asyncio.run(serve(Variant[sys.argv[1]], sys.argv[2]))
    exit_process(0)
