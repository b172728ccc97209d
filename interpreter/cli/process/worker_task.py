"""A worker for the length of a block."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from interpreter.temporal.problem import TemporalProblem

if TYPE_CHECKING:
    from interpreter.temporal.worker.worker import Worker

AFTER_GRACE = 5.0
"""Seconds that cancelled activities get to end; a thread may take no notice at all."""


@asynccontextmanager
async def run_worker(worker: Worker, *, grace: float) -> AsyncIterator[Callable[[], Awaitable[Exception]]]:
    """Run `worker` inside the block; at its end let it drain for `grace` seconds.

    Yields:
        What comes back when the worker ends by itself, which it should not.
    """
    task = asyncio.create_task(worker.run())
    try:
        yield lambda: _wait_for_end(task)
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(grace + AFTER_GRACE):
                await worker.shutdown()


async def _wait_for_end(task: asyncio.Task[None]) -> Exception:
    try:
        await asyncio.shield(task)
    except Exception as error:
        return TemporalProblem(f"the worker has ended: {error}")
    return TemporalProblem("the worker has ended")
