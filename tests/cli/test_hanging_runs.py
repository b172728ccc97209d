"""`show` and `log` of a run that does not get on say so, as `status` does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from temporalio import activity
from temporalio.client import Client

from interpreter.temporal.dev_server.server import DevServer
from stepfile import create_worker, prepare, read_text, start
from tests.support.processes import stepfile
from tests.support.waiting import until

TRIP = """\
dsl: "1"
name: NAME
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
input: {type: object, properties: {card: {type: string, writeOnly: true}}}
saga: {retry: {initial_interval: 100ms, backoff_coefficient: 1}}
steps:
  - {id: hotel, activity: ok, compensate: {activity: fail, args: ['${ input.card }']}}
  - id: train
    activity: ok
    compensate: {activity: fail, retry: {maximum_attempts: 1}}
  - {id: last, raise: {type: T, message: m}}
"""


@activity.defn
async def ok() -> None: ...


@activity.defn
async def fail(card: str = "") -> None:
    raise ConnectionError(f"no answer for {card}")


@pytest.fixture
async def hanging(client: Client, task_queue: str) -> AsyncIterator[str]:
    """The id of a run whose compensation fails and fails, after another one was given up."""
    submission = prepare(read_text(TRIP.replace("NAME", f"trip-{task_queue[-8:]}")), {"card": "4711-0815"})
    async with create_worker(client, [ok, fail], task_queue=task_queue):
        run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)

        async def hangs() -> bool:
            described = await run.describe()
            return any(each.attempt > 3 for each in described.raw_description.pending_activities)

        await until(hangs, "the compensation has failed three times")
        yield task_queue
        await run.terminate()


@pytest.mark.slow
def test_show_says_what_hangs_and_what_is_not_undone(server: DevServer, hanging: str) -> None:
    shown, status = (
        stepfile(command, hanging, "--address", server.address).stdout for command in ("show", "status")
    )
    head = shown.partition("\ndefinition ")[0]
    for said in (
        "hangs       the undoing of hotel has failed ",
        "  NOT undone: train: ",
        "compensation skip",
    ):
        assert said in head
        assert said in status


def test_log_ends_with_what_is_tried_again(server: DevServer, hanging: str) -> None:
    text = stepfile("log", hanging, "--address", server.address).stdout.splitlines()[-1]
    assert " of hotel.compensate has failed, and " in text
    assert ": ConnectionError: no answer for " in text
    assert "4711-0815" not in text
    last = json.loads(stepfile("log", hanging, "--json", "--address", server.address).stdout.splitlines()[-1])
    assert (last["event"], last["step"], last["event_id"]) == ("attempt_failed", "hotel.compensate", None)
    assert last["attempt"] >= 3


async def test_show_says_that_nobody_takes_the_run(
    server: DevServer, client: Client, task_queue: str
) -> None:
    submission = prepare(read_text(TRIP), {"card": "4711-0815"})
    await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
    shown = stepfile("show", task_queue, "--address", server.address).stdout
    said = f'no worker answers on task queue "{task_queue}": start one with'
    assert said in shown.partition("\ndefinition ")[0]
    assert said in stepfile("status", task_queue, "--address", server.address).stdout
