"""The story of a run tells its letters, whom it has alerted, and what people have ordered about its undoing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from interpreter.temporal.client.compensations import order_compensation
from interpreter.temporal.client.history.reader import HistoryReader
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.runs.query import RunQuery
from interpreter.temporal.client.runs.search import find_runs
from interpreter.temporal.dev_server.server import DevServer
from stepfile import create_worker, prepare, read_text, start
from tests.support.waiting import until

TRIP = """\
dsl: "1"
name: NAME
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
dead_letter_queues: {orders: {on_dead_letter: {activity: page}}}
saga: {retry: {initial_interval: 1h}, on_not_undone: {activity: page, retry: {maximum_attempts: 1}}}
steps:
  - {id: car, activity: page, args: [{}], compensate: {activity: close}}
  - {id: mail, activity: close, dead_letter: {queue: orders, then: continue}}
  - {id: flight, activity: close}
"""


@activity.defn
async def page(record: dict[str, Any]) -> None: ...


@activity.defn
async def close() -> None:
    raise ApplicationError("the desk is closed", type="Closed")


async def test_a_letter_an_alert_and_an_order(
    any_server: DevServer, task_queue: str, definition: str
) -> None:
    client = await any_server.connect()
    text = TRIP.replace("NAME", definition)
    async with create_worker(client, [page, close], task_queue=task_queue):
        handle = await start(client, prepare(read_text(text)), workflow_id=task_queue, task_queue=task_queue)

        async def is_stuck() -> bool:
            return bool([run async for run in find_runs(client, RunQuery(definition=definition, stuck=True))])

        await until(is_stuck, "the compensation is listed as stuck", within=60)
        run = RunHandle.find(client, task_queue)
        await order_compensation(run, "skip", "car", "the desk is gone", waiting=print)
        with suppress(WorkflowFailureError):
            await handle.result()
    run_id = (await handle.describe()).run_id
    told = [entry.text async for entry in HistoryReader(client, task_queue, run_id).read()]
    me = client.service_client.config.identity
    for text in (
        'the dead letter of mail is kept in "orders": Closed: the desk is closed',
        "the alert dead_letter_queues.orders.on_dead_letter was sent",
        f"the compensation of car is to be given up: {me} has said so (the desk is gone)",
        f"NOT undone: car: CompensationSkipped: {me} has skipped it: the desk is gone",
        "the alert saga.on_not_undone was sent",
    ):
        assert text in told
    assert not [text for text in told if "stepfile" in text.replace(me, "")]
    for unindexed in (False, True):
        for query in (
            RunQuery(definition=definition, has_letters=True, unindexed=unindexed),
            RunQuery(definition=definition, not_undone=True, unindexed=unindexed),
        ):

            async def is_found(query: RunQuery = query) -> bool:
                return [run.workflow_id async for run in find_runs(client, query)] == [task_queue]

            await until(is_found, f"found by {query}")


async def test_a_letter_of_a_run_that_completes(client: Client, task_queue: str, definition: str) -> None:
    """Only its history tells that there is one."""
    text = TRIP.replace("NAME", definition).replace("  - {id: flight, activity: close}\n", "")
    async with create_worker(client, [page, close], task_queue=task_queue):
        await (
            await start(client, prepare(read_text(text)), workflow_id=task_queue, task_queue=task_queue)
        ).result()

    async def is_found() -> bool:
        query = RunQuery(definition=definition, has_letters=True)
        return [run.letters async for run in find_runs(client, query)] == ["orders"]

    await until(is_found, "the run is found by its letter")


pytestmark = pytest.mark.timeout(120)
