"""A worker runs for the length of a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from interpreter.temporal.problem import TemporalProblem

if TYPE_CHECKING:
    from interpreter.temporal.plugin import Worker

CANCELLATION_TIME = 5.0
"""How many seconds cancelled activities have to end; one that runs in a thread may not notice the cancellation."""


@asynccontextmanager
async def run_worker(worker: Worker, *, grace: float) -> AsyncGenerator[Callable[[], Awaitable[Exception]]]:
    """Run a worker inside the block, and shut it down at the end of the block.

    Args:
        worker: A worker that has not been started.
        grace: How many seconds its activities have to end before they are cancelled.

    Yields:
        A function that waits until the worker ends by itself, which it should not, and returns why it has.
    """
    task = asyncio.create_task(worker.run())
    try:
        yield lambda: _wait_for_end(task)
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(grace + CANCELLATION_TIME):
                await worker.shutdown()
                await asyncio.wait([task])  # what belongs to the worker ends after it


async def _wait_for_end(task: asyncio.Task[None]) -> Exception:
    try:
        await asyncio.shield(task)
    except Exception as error:
        return TemporalProblem(f"the worker has ended: {error}")
    return TemporalProblem("the worker has ended")
