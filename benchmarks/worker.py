"""A worker runs in a process of its own, which says on demand how much CPU time it has used.

It is run as `python -m benchmarks.worker VARIANT ADDRESS`. It writes a line when the worker is ready. From then on it
answers every line on its standard input with the seconds that it has used so far. It ends when its input ends.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from unittest.mock import patch

from temporalio.client import Client
from temporalio.worker import Worker

from benchmarks.variants import WATCHING, Variant, Watching, make_worker
from interpreter.cli.process.exit import exit_process
from interpreter.temporal.dev_server.launch import find_free_port
from interpreter.temporal.observing import interceptor
from interpreter.temporal.observing.logs import configure_logging
from interpreter.temporal.observing.meter import find_meter
from interpreter.temporal.observing.runtime import set_up_runtime
from stepfile.opentelemetry import TracePlugin

_NOTHING: Mapping[str, str] = {}
_UNWATCHED = Watching()


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """A `WorkerProcess` is the process of a running worker, seen from outside."""

    process: asyncio.subprocess.Process

    async def read_cpu_seconds(self) -> float:
        """Return what all its threads have used since it started, in user and system mode."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"\n")
        return float(await self.process.stdout.readline())


def read_cpu_seconds(pid: int) -> float:
    """Return how many seconds of CPU time a process has used, which Linux knows in hundredths.

    Returns:
        The seconds, or 0 on other systems, where they are not known.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def run_worker_process(
    variant: Enum, address: str, module: str = __name__, environment: Mapping[str, str] = _NOTHING
) -> AsyncIterator[WorkerProcess]:
    """Run the worker of a variant, which a module starts, for the length of the block.

    Args:
        variant: Tells the module which worker.
        address: Of the server.
        module: Is run as a program.
        environment: What the worker's environment has beside that of this process.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", module, variant.value, address),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # each failing attempt is logged with its traceback
        env={**os.environ, **environment},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if not await process.stdout.readline():
            raise RuntimeError(f"the worker {variant.value} did not start")
        yield WorkerProcess(process)
    finally:
        process.stdin.close()
        await process.wait()


async def answer_until_input_ends(
    make: Callable[[Client], Worker], address: str, watching: Watching = _UNWATCHED
) -> None:
    """Run a worker and answer, until the input ends.

    Args:
        make: Makes the worker.
        address: Of the server.
        watching: How closely it is watched.
    """
    if watching.logs_and_metrics:
        configure_logging("json", "info")
    # Without this the core writes its warnings among the answers.
    set_up_runtime(f"127.0.0.1:{find_free_port()}" if watching.exporter else None)
    client = await Client.connect(address, plugins=[TracePlugin()] if watching.traces else [])
    with nullcontext() if watching.logs_and_metrics else _count_nothing():
        worker = make(client)
    async with worker:
        print("ready", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            usage = resource.getrusage(resource.RUSAGE_SELF)
            print(usage.ru_utime + usage.ru_stime, flush=True)


def _count_nothing() -> AbstractContextManager[object]:
    """Let a worker that is made meanwhile have no metrics of Stepfile. There is no setting for that."""
    return patch.object(interceptor, find_meter.__name__, return_value=None)


def main(variant: Variant, address: str) -> None:
    """Run the worker of a variant until the input ends."""
    watching = WATCHING.get(variant, _UNWATCHED)
    asyncio.run(answer_until_input_ends(lambda client: make_worker(variant, client), address, watching))


if __name__ == "__main__":
    main(Variant(sys.argv[1]), sys.argv[2])
    exit_process(0)
