"""These workflows do by hand what the definitions do.

One is a sliding window over the items. The other runs small steps as Temporal's sample of an interpreter does.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from benchmarks.long.activities import add_one, page_of, work_on
    from benchmarks.long.definitions import EVERY_FAILING, WINDOW

ONCE = RetryPolicy(maximum_attempts=1)
MINUTE = timedelta(minutes=1)


@dataclass
class Progress:
    """`Progress` is what one run passes to the next one when it continues as new."""

    items: int
    page: list[int] = field(default_factory=list)
    cursor: int | None = None
    more: bool = True
    succeeded: int = 0
    failed: int = 0


@workflow.defn
class SlidingWindow:
    """The workflow processes a bounded number of items at a time, and continues as new when Temporal suggests it."""

    @workflow.run
    async def run(self, progress: Progress) -> int:
        places = asyncio.Semaphore(WINDOW)
        running: list[asyncio.Task[None]] = []
        while True:
            if not progress.page and progress.more:
                page = await workflow.execute_activity(
                    page_of,
                    args=[progress.items, progress.cursor],
                    start_to_close_timeout=MINUTE,
                    retry_policy=ONCE,
                )
                progress.page, progress.cursor = page["items"], page["next"]
                progress.more = page["next"] is not None
            if not progress.page:
                break
            await places.acquire()
            if workflow.info().is_continue_as_new_suggested():
                break
            running = [task for task in running if not task.done()]
            running.append(asyncio.create_task(self._one(progress, progress.page.pop(0), places)))
        await asyncio.gather(*running)
        if progress.page or progress.more:
            workflow.continue_as_new(progress)
        if progress.failed * EVERY_FAILING > progress.items:
            raise RuntimeError("too many have failed")
        return progress.succeeded

    async def _one(self, progress: Progress, item: int, places: asyncio.Semaphore) -> None:
        try:
            await workflow.execute_activity(work_on, item, start_to_close_timeout=MINUTE, retry_policy=ONCE)
            progress.succeeded += 1
        except ActivityError:
            progress.failed += 1
        finally:
            places.release()


@workflow.defn
class OneAfterTheOther:
    """The workflow runs one activity after the other, as Temporal's DSL sample does."""

    @workflow.run
    async def run(self, steps: int) -> int:
        number = 0
        for _ in range(steps):
            number = await workflow.execute_activity(
                add_one, number, start_to_close_timeout=MINUTE, retry_policy=ONCE
            )
        return number


WORKFLOWS = [SlidingWindow, OneAfterTheOther]
