"""More than a server takes at once: it waits its turn, instead of blocking or ending the run."""

from __future__ import annotations

import asyncio

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from interpreter.temporal.workflow import effects, limits
from stepfile import create_worker, prepare, read_text, start
from tests.support.history import events_of

LARGE = """\
dsl: "1"
name: large
defaults: {timeouts: {start_to_close: 1m}}
steps:
  - {id: text, activity: make}
  - for_each: range(4)
    concurrency: 4
    collect: none
    steps: [{activity: take, args: ["${ steps.text.result }"]}]
"""


async def test_large_arguments_are_sent_one_after_the_other(client: Client, task_queue: str) -> None:
    taken: list[int] = []

    @activity.defn
    async def make() -> str:
        return "x" * 1_500_000

    @activity.defn
    async def take(text: str) -> None:
        taken.append(len(text))

    async with create_worker(client, [make, take], task_queue=task_queue):
        await (
            await start(client, prepare(read_text(LARGE)), workflow_id=task_queue, task_queue=task_queue)
        ).result()
    assert taken == [1_500_000] * 4


MANY = """\
dsl: "1"
name: many
defaults: {timeouts: {start_to_close: 1m}}
steps:
  - for_each: range(30)
    concurrency: 30
    steps: [{activity: work, args: ["${ item }"]}]
"""


async def test_no_more_is_on_its_way_than_may_be(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAXIMUM_PENDING", 10)
    most = running = 0

    @activity.defn
    async def work(item: int) -> int:
        nonlocal most, running
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.2)
        running -= 1
        return item

    async with create_worker(client, [work], task_queue=task_queue):
        handle = await start(client, prepare(read_text(MANY)), workflow_id=task_queue, task_queue=task_queue)
        assert await handle.result() == [*range(30)]
    assert most == 10


async def test_no_more_is_sent_in_one_workflow_task_than_it_has_time_for(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAXIMUM_TASK_COMMANDS", 8)

    @activity.defn
    async def work(item: int) -> int:
        return item

    async with create_worker(client, [work], task_queue=task_queue):
        handle = await start(client, prepare(read_text(MANY)), workflow_id=task_queue, task_queue=task_queue)
        assert await handle.result() == [*range(30)]
    first = next(
        event.workflow_task_completed_event_attributes
        for event in await events_of(handle)
        if event.HasField("workflow_task_completed_event_attributes")
    )
    scheduled = [
        event
        for event in await events_of(handle)
        if event.activity_task_scheduled_event_attributes.workflow_task_completed_event_id
        == first.scheduled_event_id + 2
    ]
    assert len(scheduled) == 8


OPEN = """\
dsl: "1"
name: open
definitions: {child: {steps: [{wait: 1s}]}}
steps:
  - for_each: range(4)
    steps: [{child_workflow: {definition: child, wait: started, parent_close_policy: abandon}}]
"""


async def test_too_many_children_that_nobody_waits_for_fail_by_a_name(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "MAXIMUM_PENDING", 3)
    async with create_worker(client, [], task_queue=task_queue):
        handle = await start(client, prepare(read_text(OPEN)), workflow_id=task_queue, task_queue=task_queue)
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
    assert isinstance(caught.value.cause, ApplicationError)
    assert caught.value.cause.type == "TooLarge"
