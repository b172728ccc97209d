"""Undoing goes on until it works: also when the activity that undoes was changed or forgotten by a deploy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle

from stepfile import create_worker, prepare, read_text, start
from tests.support.waiting import until

Run = WorkflowHandle[Any, Any]

SAGA = """\
dsl: "1"
name: saga
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
steps:
  - {id: booked, activity: book, compensate: {COMPENSATION}}
  - {id: last, raise: {type: No, message: no}}
"""
CALL = "activity: unbook, args: [one], retry: {initial_interval: 1s, backoff_coefficient: 1}"
BLOCK = "steps: [{activity: unbook, args: [one], retry: {initial_interval: 1s, backoff_coefficient: 1}}]"


@activity.defn
async def book() -> None: ...


@activity.defn(name="unbook")
async def takes_two(one: str, two: str) -> None: ...


@activity.defn(name="unbook")
async def takes_one(one: str) -> None: ...


@pytest.mark.parametrize("compensation", [CALL, BLOCK], ids=["activity", "steps"])
@pytest.mark.parametrize("wrong", [[takes_two], []], ids=["other arguments", "no such activity"])
async def test_a_compensation_waits_for_the_mended_worker(
    wrong: list[Callable[..., Any]], compensation: str, client: Client, task_queue: str
) -> None:
    submission = prepare(read_text(SAGA.replace("COMPENSATION", compensation)), {})
    async with create_worker(client, [book, *wrong], task_queue=task_queue):
        run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        await until(partial(_is_retried, run), "the compensation is tried again")
    async with create_worker(client, [book, takes_one], task_queue=task_queue):
        with pytest.raises(WorkflowFailureError):
            await run.result()
    memo = await (await run.describe()).memo()
    assert memo["undone:booked"]["status"] == "undone"


async def _is_retried(run: Run) -> bool:
    pending = (await run.describe()).raw_description.pending_activities
    return any(each.activity_type.name == "unbook" and each.attempt > 1 for each in pending)
