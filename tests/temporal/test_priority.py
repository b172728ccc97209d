"""What a definition says of priorities arrives at the server, which hands out tasks roughly in that order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from temporalio import activity
from temporalio.api.common.v1 import Priority
from temporalio.client import Client, WorkflowFailureError

from interpreter.temporal.dev_server.server import DevServer, run_dev_server
from stepfile import (
    InvalidOptions,
    ScheduleOptions,
    StartOptions,
    WorkerLimits,
    create_schedule,
    create_worker,
    plan_retry,
    prepare,
    read_text,
    start,
)
from tests.support.history import events_of
from tests.support.processes import stepfile
from tests.support.waiting import until

pytestmark = pytest.mark.server

DEFINITION = """
dsl: "1"
name: tenants
priority: {key: 4, fairness_key: "${ input.tenant }"}
defaults: {timeouts: {start_to_close: 30s}, retry: {maximum_attempts: 1}}
definitions:
  part: {priority: {fairness_weight: 2, key: 5}, steps: [{wait: 1s}]}
steps:
  - id: first
    activity: work
    priority: {key: 1, fairness_weight: 3}
    compensate: {activity: undo, priority: {key: 2}}
  - {id: second, activity: work}
  - {id: child, child_workflow: {definition: part, priority: {key: 2}}}
  - {raise: {type: "No", message: "no"}}
"""


@activity.defn
async def work() -> None:
    """Does nothing."""


@activity.defn
async def undo() -> None:
    """Does nothing."""


async def test_in_the_history_of_a_run_and_in_that_of_its_repair(client: Client, task_queue: str) -> None:
    submission = prepare(read_text(DEFINITION), {"tenant": "acme"})
    options = StartOptions(fairness_weight=1.5)
    async with create_worker(client, [work, undo], task_queue=task_queue):
        run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue, options=options)
        with pytest.raises(WorkflowFailureError):
            await run.result()
        events = await events_of(run)
        child = await client.get_workflow_handle(f"{task_queue}/child").describe()
        again = await (await plan_retry(client, task_queue)).start(reason="for the test")
        with pytest.raises(WorkflowFailureError):
            await again.result()
        first = (await events_of(again))[0]
    own = Priority(priority_key=4, fairness_key="acme", fairness_weight=1.5)
    assert events[0].workflow_execution_started_event_attributes.priority == own
    assert first.workflow_execution_started_event_attributes.priority == own
    scheduled = [
        event.activity_task_scheduled_event_attributes.priority
        for event in events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    assert scheduled == [Priority(priority_key=1, fairness_weight=3), Priority(), Priority(priority_key=2)]
    assert child.raw_description.workflow_execution_info.priority == Priority(
        priority_key=2, fairness_key="acme", fairness_weight=2
    )


async def test_of_a_schedule(client: Client, task_queue: str) -> None:
    submission = prepare(read_text(DEFINITION), {"tenant": "acme"})
    schedule = await create_schedule(
        client,
        submission,
        ScheduleOptions(cron=("0 0 1 1 *",)),
        schedule_id=task_queue,
        task_queue=task_queue,
    )
    action = (await schedule.describe()).raw_description.schedule.action.start_workflow
    assert action.priority == Priority(priority_key=4, fairness_key="acme")
    await schedule.delete()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (StartOptions(priority_key=0), "the priority key is not a whole number from 1 to 2147483647: 0"),
        (
            StartOptions(fairness_key="x" * 65),
            "the fairness key is not text of 1 to 64 bytes: xxx",
        ),
        (StartOptions(fairness_weight=1001), "the fairness weight is not a number from 0.001 to 1000: 1001"),
    ],
)
def test_an_option_that_the_server_would_change_is_refused(options: StartOptions, message: str) -> None:
    with pytest.raises(InvalidOptions, match=message):
        options.check()


BACKLOG = """
dsl: "1"
name: backlog
defaults: {timeouts: {start_to_close: 30s}}
steps:
  - id: all
    for_each: "${ range(90) }"
    as: number
    concurrency: 90
    steps: [{id: take, activity: take, task_queue: QUEUE, args: ["${ number }"], priority: PRIORITY}]
"""


async def _hand_out(client: Client, task_queue: str, priority: str) -> list[int]:
    """Let 90 tasks wait on a queue before one worker takes one after the other; in which order it got them."""
    taken: list[int] = []

    @activity.defn
    async def take(number: int) -> None:
        taken.append(number)

    queue = f"{task_queue}-calls"
    text = BACKLOG.replace("QUEUE", queue).replace("PRIORITY", priority)
    async with create_worker(client, [], task_queue=task_queue):
        run = await start(client, prepare(read_text(text)), workflow_id=task_queue, task_queue=task_queue)

        async def all_wait() -> bool:
            pending: Any = (await run.describe()).raw_description.pending_activities
            return len(pending) == 90

        await until(all_wait, "all tasks wait")
        limits = WorkerLimits(max_concurrent_activities=1)
        async with create_worker(client, [take], task_queue=queue, limits=limits):
            await asyncio.wait_for(run.result(), 60)
    return taken


def _mean_place(taken: list[int], wanted: set[int]) -> float:
    places = [place for place, number in enumerate(taken) if number in wanted]
    return sum(places) / len(places)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def fair_server() -> AsyncIterator[DevServer]:
    """A server with fairness, which none has from the beginning. Each of several partitions of a queue would have an
    order of its own."""
    one_partition = [f"matching.numTaskqueue{way}Partitions=1" for way in ("Read", "Write")]
    async with run_dev_server(dynamic_config=("matching.enableFairness=true", *one_partition)) as running:
        yield running


async def test_a_smaller_key_comes_first(fair_server: DevServer, task_queue: str) -> None:
    """Without keys all have the same chance, so a mean place of 44.5. Of thirty that come first it is 14.5."""
    urgent = set(range(60, 90))
    taken = await _hand_out(await fair_server.connect(), task_queue, '{key: "${ number >= 60 ? 1 : 5 }"}')
    assert sorted(taken) == list(range(90))
    assert _mean_place(taken, urgent) < 20


async def test_a_tenant_with_many_tasks_does_not_keep_the_others_waiting(
    fair_server: DevServer, task_queue: str
) -> None:
    """Ten tasks of another tenant that get every second place have a mean place of 10."""
    few = set(range(80, 90))
    said = """{fairness_key: "${ number >= 80 ? 'few' : 'many' }"}"""
    taken = await _hand_out(await fair_server.connect(), task_queue, said)
    assert sorted(taken) == list(range(90))
    assert _mean_place(taken, few) < 15


def test_a_configuration_that_the_server_does_not_take() -> None:
    ended = stepfile(
        "server", "--port", "0", "--ui-port", "0", "--dynamic-config-value", "matching.enableFairness"
    )
    assert ended.returncode == 1
    assert "Temporal's dev server did not start" in ended.stderr
    assert "matching.enableFairness" in ended.stderr
