"""A run that does not get on is listed with the reason; one that waits for something that will come is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import PauseActivityRequest
from temporalio.client import Client, WorkflowHandle

from interpreter.temporal.client.runs.query import RunQuery
from interpreter.temporal.client.runs.search import find_runs
from stepfile import StartOptions, create_worker, prepare, read_text, start
from tests.support.waiting import until


@activity.defn
async def ok() -> None: ...


@activity.defn
async def fail() -> None:
    raise ConnectionError("no answer")


SAGA = """\
dsl: "1"
name: NAME
signals: {go: {}}
defaults: {timeouts: {start_to_close: 60s}, retry: {initial_interval: 100ms, backoff_coefficient: 1}}
saga: {retry: {initial_interval: 100ms, backoff_coefficient: 1}}
steps:
"""
UNDO = """\
  - {id: book, activity: ok, compensate: {activity: fail}}
  - {id: last, raise: {type: T, message: m}}
"""
RETRIED = "  - {id: poll, activity: fail}\n"
WAITS = "  - {id: word, wait_for: {signal: go}}\n"
TIMER = "  - {id: pause, wait: 1h}\n"
ELSEWHERE = "  - {id: far, activity: ok, task_queue: nobody}\n"


@asynccontextmanager
async def run_it(
    client: Client, task_queue: str, definition: str, steps: str, options: StartOptions | None = None
) -> AsyncIterator[WorkflowHandle[object, object]]:
    """Start a run beside a worker, and end it after the block."""
    submission = prepare(read_text(SAGA.replace("NAME", definition) + steps))
    async with create_worker(client, [ok, fail], task_queue=task_queue):
        run = await start(
            client,
            submission,
            workflow_id=task_queue,
            task_queue=task_queue,
            options=options or StartOptions(),
        )
        try:
            yield run
        finally:
            await run.terminate()


async def list_reasons(client: Client, definition: str) -> list[str]:
    """Why the runs of a definition are stuck."""
    found = find_runs(client, RunQuery(definition=definition, stuck=True))
    return [reason async for run in found for reason in run.stuck]


async def until_stuck(client: Client, definition: str, said: str) -> None:
    """Wait until a run of a definition is listed as stuck, for this reason and no other."""
    reasons: list[str] = []

    async def is_stuck() -> bool:
        reasons[:] = await list_reasons(client, definition)
        return bool(reasons)

    await until(is_stuck, f"stuck: {said}", within=60)
    assert len(reasons) == 1
    assert said in reasons[0]


async def test_a_compensation_that_fails_and_fails(client: Client, task_queue: str, definition: str) -> None:
    async with run_it(client, task_queue, definition, UNDO):
        await until_stuck(client, definition, "times, so its step is not undone: ConnectionError: no answer")
        [reason] = await list_reasons(client, definition)
        assert reason.startswith("book.compensate has failed ")


async def test_a_step_of_a_compensation(client: Client, task_queue: str, definition: str) -> None:
    by_steps = UNDO.replace("{activity: fail}", "{steps: [{id: refund, activity: fail}]}")
    async with run_it(client, task_queue, definition, by_steps):
        await until_stuck(client, definition, "times while something is undone: ConnectionError: no answer")
        [reason] = await list_reasons(client, definition)
        assert reason.startswith("refund has failed ")


async def test_a_compensation_whose_next_attempt_is_far(
    client: Client, task_queue: str, definition: str
) -> None:
    slow = UNDO.replace("activity: fail", "activity: fail, retry: {initial_interval: 1h}")
    async with run_it(client, task_queue, definition, slow):
        await until_stuck(client, definition, "book.compensate has failed once, so its step is not undone: ")


async def test_an_activity_that_was_paused(client: Client, task_queue: str, definition: str) -> None:
    async with run_it(client, task_queue, definition, RETRIED) as run:

        async def is_tried() -> bool:
            return bool((await run.describe()).raw_description.pending_activities)

        await until(is_tried, "the activity is pending")
        await client.workflow_service.pause_activity(
            PauseActivityRequest(
                namespace=client.namespace,
                execution=WorkflowExecution(workflow_id=task_queue),
                id="poll",
                identity="ann",
            )
        )
        await until_stuck(client, definition, "somebody has paused poll")


async def test_an_activity_that_no_worker_takes(client: Client, task_queue: str, definition: str) -> None:
    nobody = ELSEWHERE.replace("nobody", f"{definition}-none")
    async with run_it(client, task_queue, definition, nobody):
        await until_stuck(client, definition, f'no worker takes far from the task queue "{definition}-none"')


async def test_a_run_that_no_worker_takes(client: Client, task_queue: str, definition: str) -> None:
    submission = prepare(read_text(SAGA.replace("NAME", definition) + TIMER))
    run = await start(client, submission, workflow_id=task_queue, task_queue=f"{definition}-none")
    await until_stuck(client, definition, f'no worker takes it from the task queue "{definition}-none"')
    await run.terminate()


@pytest.mark.slow
async def test_a_run_that_its_workers_fail_to_continue(
    client: Client, task_queue: str, definition: str
) -> None:
    """Its request is of a newer release."""
    request = {"format": 99, "first_reader": "9.9", "definition": {"text": ""}}
    async with create_worker(client, [], task_queue=task_queue):
        run = await client.start_workflow(
            f"stepfile:{definition}", args=[None, request], id=task_queue, task_queue=task_queue
        )
        await until_stuck(client, definition, "times to continue it; their logs say why")
        await run.terminate()


@pytest.mark.parametrize(
    ("steps", "options"),
    [
        (WAITS, None),
        (TIMER, None),
        (TIMER, StartOptions(start_delay=timedelta(hours=1))),
        (RETRIED, None),
    ],
    ids=["a message", "a timer", "its start", "a step that is retried"],
)
async def test_what_will_come_by_itself(
    client: Client, task_queue: str, definition: str, steps: str, options: StartOptions | None
) -> None:
    async with run_it(client, task_queue, definition, steps, options) as run:

        async def waits() -> bool:
            described = (await run.describe()).raw_description
            tried = [each.attempt for each in described.pending_activities]
            return options is not None or not described.HasField("pending_workflow_task") or tried == [5]

        await until(waits, "the run waits")

        async def is_listed() -> bool:
            return bool([each async for each in find_runs(client, RunQuery(definition=definition))])

        await until(is_listed, "the run is listed")
        assert await list_reasons(client, definition) == []
