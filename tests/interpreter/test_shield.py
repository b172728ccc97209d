"""What a shield lets through when a cancellation comes at the very moment the work ends."""

from __future__ import annotations

import asyncio

from interpreter.concurrency.shield import shield
from tests.support.virtual_time import run_in_virtual_time


async def _cancelled_after(seconds: float) -> str:
    async def work() -> str:
        await asyncio.sleep(1)
        return "done"

    task = asyncio.ensure_future(shield(work()))
    asyncio.get_running_loop().call_later(seconds, task.cancel)
    return await task


def test_a_cancellation_on_the_way_does_not_end_the_work() -> None:
    assert run_in_virtual_time(_cancelled_after(0.5)) == "done"


def test_nor_is_the_result_lost_to_one_that_comes_with_it() -> None:
    async def cancelled_as_it_ends() -> str:
        ended = asyncio.get_running_loop().create_future()

        async def work() -> str:
            await ended
            return "done"

        task = asyncio.ensure_future(shield(work()))
        await asyncio.sleep(1)
        ended.set_result(None)
        await asyncio.sleep(0)  # `work` has returned, and `task` does not know yet
        task.cancel()
        return await task

    assert run_in_virtual_time(cancelled_as_it_ends()) == "done"
