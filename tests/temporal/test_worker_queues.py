"""Steps on the task queue of one worker, on a real server: all on the same one, also when it has to be another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle

from stepfile import create_worker, prepare, read_file, start
from tests.support.cases import DEFINITIONS
from tests.support.history import events_of

FILE = DEFINITIONS / "worker-specific-task-queue.yaml"


@activity.defn
async def download_file(url: str) -> str:
    return url


@activity.defn
async def count_words(path: str) -> int:
    return len(path)


@activity.defn
async def remove_file(path: str) -> None:
    return None


def told(*queues: str) -> Callable[..., Any]:
    """The workers that answer on the common queue, one after the other."""
    left = list(queues)

    @activity.defn(name="queue_of_worker")
    async def queue_of_worker() -> str:
        return left.pop(0)

    return queue_of_worker


async def test_when_its_worker_stops_all_begins_again_on_another(client: Client, task_queue: str) -> None:
    stops, first, second = asyncio.Event(), f"{task_queue}-first", f"{task_queue}-second"

    @activity.defn(name="download_file")
    async def last_download(url: str) -> str:
        stops.set()
        return url

    at_all = create_worker(client, [told(first, second)], task_queue=task_queue)
    stopped = create_worker(client, [last_download], task_queue=first)
    going_on = create_worker(client, [download_file, count_words, remove_file], task_queue=second)
    async with at_all, going_on:
        run = await start(
            client, prepare(read_file(FILE), {"url": "x y"}), workflow_id=task_queue, task_queue=task_queue
        )
        async with stopped:
            await stops.wait()
        assert await run.result() == 3
    assert await taken(run) == [
        ("queue_of_worker", task_queue),
        ("download_file", first),
        ("count_words", first),
        ("remove_file", first),
        ("queue_of_worker", task_queue),
        ("download_file", second),
        ("count_words", second),
        ("remove_file", second),
    ]


async def taken(run: WorkflowHandle[Any, Any]) -> list[tuple[str, str]]:
    """Activities with their task queues, in the order of the history."""
    scheduled = [
        event.activity_task_scheduled_event_attributes
        for event in await events_of(run)
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
    return [(each.activity_type.name, each.task_queue.name) for each in scheduled]
