"""Local activities on a real server: no events of their own but a marker, and all else as for any activity."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from interpreter.temporal.workflow.workflow import StepfileWorkflow
from stepfile import create_worker, prepare, read_text, start
from stepfile.activity import idempotency_key
from tests.support.history import events_of

TEXT = """\
dsl: "1"
name: local
defaults: {timeouts: {start_to_close: 5s}, retry: {maximum_attempts: 3, initial_interval: 100ms}}
steps:
  - {id: far, activity: work, args: [far], compensate: {activity: undo, args: ["${ step.key }"]}}
  - {id: near, activity: work, args: [near], local: true, compensate: {activity: undo, args: ["${ step.key }"]}}
  - {id: last, activity: last, local: true}
output: ${ steps.near }
"""


async def _run(
    client: Client, task_queue: str, *activities: Any, start_to_close: str = "5s"
) -> WorkflowHandle[Any, Any]:
    """A run that has ended; only its first step was scheduled by the server, and what undoes."""
    async with create_worker(client, activities, task_queue=task_queue):
        submission = prepare(read_text(TEXT.replace("5s", start_to_close)))
        handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        with suppress(WorkflowFailureError):
            await handle.result()
    scheduled = [
        event.activity_task_scheduled_event_attributes.activity_id
        for event in await events_of(handle)
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    assert [name for name in scheduled if not name.endswith(".compensate")] == ["far"]
    return handle


keys: dict[str, list[str]] = {}


@activity.defn
async def work(name: str) -> str:
    keys.setdefault(name, []).append(idempotency_key())
    if name == "near" and len(keys[name]) < 3:
        raise ValueError("not yet")
    return name


@activity.defn
async def undo(key: str) -> None:
    keys.setdefault("undone", []).append(key)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    keys.clear()


async def test_it_is_tried_again_and_says_how_often(client: Client, task_queue: str) -> None:
    @activity.defn
    async def last() -> None: ...

    handle = await _run(client, task_queue, work, undo, last)
    assert await handle.result() == {"status": "completed", "result": "near", "error": None, "attempts": 3}
    assert keys == {"far": [f"{task_queue}/far"], "near": [f"{task_queue}/near"] * 3}


async def test_a_failed_one_fails_the_run_which_is_undone(client: Client, task_queue: str) -> None:
    @activity.defn
    async def last() -> None:
        raise ApplicationError("no", type="Broken", non_retryable=True)

    assert await _error(await _run(client, task_queue, work, undo, last)) == "Broken"
    assert keys["undone"] == [f"{task_queue}/near", f"{task_queue}/far"]


async def test_one_that_takes_too_long_fails_the_run_which_is_undone(client: Client, task_queue: str) -> None:
    @activity.defn
    async def last() -> None:
        await asyncio.sleep(60)

    handle = await _run(client, task_queue, work, undo, last, start_to_close="500ms")
    assert await _error(handle) == "Timeout.StartToClose"
    assert keys["undone"] == [f"{task_queue}/near", f"{task_queue}/far"]


async def test_one_that_returns_too_much_says_so(client: Client, task_queue: str) -> None:
    @activity.defn
    async def last() -> str:
        return "x" * 300_000

    assert await _error(await _run(client, task_queue, work, undo, last)) == "TooLarge"


async def test_an_unknown_one_is_final_at_once(client: Client, task_queue: str) -> None:
    assert await _error(await _run(client, task_queue, work, undo)) == "ActivityNotRegistered"


STOPPED = """\
dsl: "1"
name: stopped
defaults: {timeouts: {start_to_close: 8s}, retry: {maximum_attempts: 1}}
steps:
  - {id: near, activity: work, local: true, compensate: {activity: undo, args: ["${ step.key }"]}}
"""


@pytest.mark.slow
@pytest.mark.parametrize("at_the_end", ["raises", "gives way"])
async def test_one_that_is_cancelled_is_undone_and_so_it_is_replayed(
    client: Client, task_queue: str, at_the_end: str
) -> None:
    """Whatever it raises when it is asked to stop."""
    begun = asyncio.Event()

    @activity.defn(name="work")
    async def stubborn() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if at_the_end == "raises":
                raise ApplicationError("I will not", type="Stubborn") from None
            raise

    async with create_worker(client, [stubborn, undo], task_queue=task_queue):
        submission = prepare(read_text(STOPPED))
        handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        await begun.wait()
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
    assert isinstance(caught.value.cause, CancelledError)
    assert keys["undone"] == [f"{task_queue}/near"]
    replayer = Replayer(workflows=[StepfileWorkflow], unsandboxed_workflow_runner=UnsandboxedWorkflowRunner())
    await replayer.replay_workflow(await handle.fetch_history())


async def _error(handle: WorkflowHandle[Any, Any]) -> str | None:
    with pytest.raises(WorkflowFailureError) as caught:
        await handle.result()
    assert isinstance(caught.value.cause, ApplicationError)
    return caught.value.cause.type
