"""A case is run again where the machine was to blame, and nowhere else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest
from temporalio import activity
from temporalio.client import Client

from stepfile import create_worker, prepare, read_text, start
from tests.runs import at_once
from tests.runs.at_once import CASES, Endings
from tests.runs.waiting import measure_waiting
from tests.support.ending import Ending
from tests.support.server_world import MomentMissed

CASE = replace(CASES[0], expect={"status": "completed"})
DEFINITION = """
dsl: "1"
name: slow
defaults: {timeouts: {start_to_close: 30s}}
steps: [{activity: work}]
"""


@pytest.mark.parametrize(
    ("statuses", "waited", "runs", "good"),
    [
        (["completed"], 9.0, 1, True),
        (["failed", "completed"], 9.0, 2, True),
        (["failed", "completed"], 0.1, 1, False),
        (["failed"] * 9, 9.0, at_once.TRIES, False),
        (["missed", "completed"], 0.1, 2, True),
        (["missed"] * 9, 0.1, at_once.TRIES, False),
    ],
)
async def test_how_often(
    monkeypatch: pytest.MonkeyPatch, statuses: list[str], waited: float, runs: int, good: bool
) -> None:
    left = list(statuses)

    async def run(*_: Any) -> Ending:
        status = left.pop(0)
        if status == "missed":
            raise MomentMissed
        return Ending(status, snapshot={"steps": []})

    async def measure(*_: Any) -> float:
        return waited

    monkeypatch.setattr(at_once, "run_on_server", run)
    monkeypatch.setattr(at_once, "measure_waiting", measure)
    endings = Endings(cast("Client", None), [CASE])
    if good:
        await endings.check(CASE)
    else:
        with pytest.raises(AssertionError):
            await endings.check(CASE)
    assert len(statuses) - len(left) == runs


@activity.defn
async def work() -> None:
    """Takes longer than a worker may, which is not its worker's fault."""
    await asyncio.sleep(2)


async def test_a_run_has_waited_while_it_had_no_worker(client: Client, task_queue: str) -> None:
    run = await start(
        client, prepare(read_text(DEFINITION)), workflow_id=f"{task_queue}-late", task_queue=task_queue
    )
    await asyncio.sleep(2)
    async with create_worker(client, [work], task_queue=task_queue):
        await run.result()
        assert 1 < await measure_waiting(client, run.id) < 3.9
        soon = await start(
            client, prepare(read_text(DEFINITION)), workflow_id=f"{task_queue}-soon", task_queue=task_queue
        )
        await soon.result()
        assert await measure_waiting(client, soon.id) < 1
