"""Record the histories of runs that were reset: `make record`, or `python -m tests.replay.record_resets`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from temporalio.client import Client

from interpreter.temporal.dev_server.server import run_dev_server
from stepfile import create_worker
from tests.replay.record import HISTORIES, IDENTITY, write_history
from tests.support.resets import find_task, list_tasks, reset
from tests.temporal.resets.service import Run, Service, begin, expect_failure, fail_at_last

RESET_HISTORIES = HISTORIES / "resets"

Story = Callable[[Client, str, Service], Awaitable[Run]]
"""What is done to a run; the run whose history is recorded."""


async def _reset_to_the_first_task(client: Client, name: str, service: Service) -> Run:
    run = await fail_at_last(client, name, service)
    again = await reset(client, run, (await list_tasks(run))[0])
    await again.result()
    return again


async def _reset_behind_what_was_undone(client: Client, name: str, service: Service) -> Run:
    run = await fail_at_last(client, name, service)
    again = await reset(client, run, await find_task(run, "b"))
    await expect_failure(again)
    return again


async def _reset_and_nothing_was_undone(client: Client, name: str, service: Service) -> Run:
    run = await begin(client, name)
    await run.result()
    again = await reset(client, run, await find_task(run, "b"))
    await again.result()
    return again


async def _reset_twice(client: Client, name: str, service: Service) -> Run:
    first = await _reset_and_nothing_was_undone(client, name, service)
    again = await reset(client, first, await find_task(first, "c"))
    await again.result()
    return again


STORIES: dict[str, Story] = {
    "to-the-first-task": _reset_to_the_first_task,
    "behind-what-was-undone": _reset_behind_what_was_undone,
    "nothing-was-undone": _reset_and_nothing_was_undone,
    "twice": _reset_twice,
}


def reset_history_file(name: str) -> Path:
    """Where the history of a story is kept."""
    return RESET_HISTORIES / f"{name}.json"


async def record() -> None:
    """Record all of them."""
    async with run_dev_server() as server:
        client = await Client.connect(server.address, identity=IDENTITY)
        for name, story in STORIES.items():
            service = Service()
            async with create_worker(client, service.activities(), task_queue=name):
                run = await story(client, name, service)
            write_history(await run.fetch_history(), reset_history_file(name))


if __name__ == "__main__":
    asyncio.run(record())
