"""A worker does no more at once, and no faster, than it was told."""

from __future__ import annotations

import asyncio
import time

import pytest
from temporalio import activity

from interpreter.temporal.dev_server.server import DevServer
from stepfile import WorkerLimits, create_worker, prepare, read_text, start

DEFINITION = """
dsl: "1"
name: crowd
defaults: {timeouts: {start_to_close: 30s}}
steps:
  - id: all
    for_each: "${ range(12) }"
    as: number
    concurrency: 12
    steps: [{id: work, activity: work}]
"""


class Crowd:
    """Counts how many attempts run at once, and when they began."""

    def __init__(self, *, duration: float) -> None:
        self.duration = duration
        self.now = self.most = 0
        self.began: list[float] = []

    @activity.defn(name="work")
    async def work(self) -> None:
        """Takes its time."""
        self.began.append(time.monotonic())
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.duration)
        self.now -= 1


async def _run(server: DevServer, task_queue: str, crowd: Crowd, limits: WorkerLimits | None) -> None:
    client = await server.connect()
    async with create_worker(client, [crowd.work], task_queue=task_queue, limits=limits):
        handle = await start(client, prepare(read_text(DEFINITION)), task_queue=task_queue)
        await handle.result()


async def test_activities_at_once(server: DevServer, task_queue: str) -> None:
    free, limited = Crowd(duration=0.5), Crowd(duration=0.1)
    await _run(server, task_queue, free, None)
    assert free.most > 3
    await _run(server, f"{task_queue}-limited", limited, WorkerLimits(max_concurrent_activities=3))
    assert limited.most <= 3


@pytest.mark.parametrize(
    "limits",
    [WorkerLimits(max_activities_per_second=2), WorkerLimits(max_task_queue_activities_per_second=2)],
    ids=["worker", "task queue"],
)
@pytest.mark.slow
async def test_activities_per_second(server: DevServer, task_queue: str, limits: WorkerLimits) -> None:
    """12 of them at 2 a second take some 5 s; the server's count of a task queue is not exact."""
    crowd = Crowd(duration=0)
    await _run(server, task_queue, crowd, limits)
    assert crowd.began[-1] - crowd.began[0] > 3


def test_what_is_no_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="max_concurrent_activities must be greater than 0, not 0"):
        WorkerLimits(max_concurrent_activities=0)
