"""The story of a run tells its letters, whom it has alerted, and what people have ordered about its undoing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError

from dsl.model.dead_letters import DATABASE_TELL_ACTIVITY
from interpreter.failure.failure import Failure
from interpreter.temporal.client.compensations import order_compensation
from interpreter.temporal.client.history.own_calls import describe_own_call
from interpreter.temporal.client.history.reader import HistoryReader
from interpreter.temporal.client.history.reading import Reading
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.runs.query import RunQuery
from interpreter.temporal.client.runs.search import find_runs
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.wire.undone_sums import FIND_UNDONE
from stepfile import create_worker, prepare, read_text, start
from tests.support.resets import find_task, reset
from tests.support.waiting import until
from tests.temporal.resets.service import Service, expect_failure, fail_at_last

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


async def test_what_a_run_that_was_reset_learns(client: Client, task_queue: str) -> None:
    service = Service()
    async with create_worker(client, service.activities(), task_queue=task_queue):
        run = await fail_at_last(client, task_queue, service)
        again = await reset(client, run, await find_task(run, "b"))
        await expect_failure(again)
    told = [entry async for entry in HistoryReader(client, task_queue, again.run_id or "").read()]
    asked = "run asks what other runs of its id have undone, and begins nothing before it knows"
    [question, answer] = [each for each in told if each.name in ("undone_asked", "undone_answered")]
    assert (question.text, answer.text) == (asked, "other runs of this id have undone a, b, c")
    assert answer.fields == {"steps": ["a", "b", "c"], "runs": [run.run_id]}
    assert not [each for each in told if "find_undone" in each.text]


FAILED = Failure("Lost", "no answer")


@pytest.mark.parametrize(
    ("activity", "payload", "lost", "text"),
    [
        (FIND_UNDONE, {"steps": {}, "runs": []}, None, "no other run of this id has undone anything"),
        (
            FIND_UNDONE,
            {"steps": {}, "runs": [], "unknown": "run 1 is gone"},
            None,
            "what other runs of this id have undone can't be known: run 1 is gone",
        ),
        (
            FIND_UNDONE,
            None,
            FAILED,
            "what other runs of this id have undone: this has failed: Lost: no answer",
        ),
        (
            DATABASE_TELL_ACTIVITY,
            {"queue": "kept", "keys": ["wf/a", "wf/b"], "run_end": {}},
            None,
            'the dead letters wf/a, wf/b in "kept" are told what the run has undone',
        ),
        (
            DATABASE_TELL_ACTIVITY,
            {"queue": "kept", "keys": ["wf/a"], "order": {}},
            FAILED,
            'the dead letters wf/a in "kept" are told that what had failed is done: this has failed: Lost: no answer',
        ),
        (
            DATABASE_TELL_ACTIVITY,
            "a later format",
            None,
            "dead letters are told something that can't be read here",
        ),
    ],
)
async def test_calls_of_the_run_itself(activity: str, payload: Any, lost: Failure | None, text: str) -> None:
    payloads = await DataConverter.default.encode([payload])
    line = await describe_own_call(Reading(DataConverter.default, "wf"), activity, payloads, payloads, lost)
    assert line.text == text


pytestmark = pytest.mark.timeout(120)
