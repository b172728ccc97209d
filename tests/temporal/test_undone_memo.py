"""What was undone stands in the memo of a run, after any ending, for whoever has no worker to ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from interpreter.temporal.client import start as start_module
from interpreter.temporal.wire.request import StartRequest
from interpreter.temporal.wire.undone_records import PREFIX
from interpreter.temporal.workflow import undone_memo
from stepfile import create_worker, prepare, read_text, start
from tests.support.history import events_of
from tests.support.waiting import until

Run = WorkflowHandle[Any, Any]

SAGA = """\
dsl: "1"
name: saga
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
steps:
  - {id: a, activity: ok, compensate: {activity: undo, args: [a]}}
  - {id: b, activity: ok, compensate: {activity: undo, args: [b], retry: {maximum_attempts: 1}}}
  - {id: c, activity: ok, compensate: {activity: undo, args: [c]}}
  - {id: last, LAST}
"""
FAILS = SAGA.replace("LAST", "activity: fail")


@activity.defn(name="ok")
async def succeed() -> None: ...


@activity.defn
async def fail() -> None:
    raise ApplicationError("no", type="No", non_retryable=True)


def undoing(**behaviour: str) -> Callable[..., Any]:
    """An activity that undoes; some steps it never finishes to undo, and some it can't undo."""

    @activity.defn(name="undo")
    async def undo(step: str) -> None:
        match behaviour.get(step):
            case "hangs":
                while True:
                    activity.heartbeat()
                    await asyncio.sleep(0.2)
            case "fails":
                raise ApplicationError("can't", type="Stuck", non_retryable=True)

    return undo


async def begin(client: Client, task_queue: str, text: str, data: Any = None) -> Run:
    return await start(client, prepare(read_text(text), data), workflow_id=task_queue, task_queue=task_queue)


async def read_memo(run: Run) -> dict[str, tuple[str, int] | bool]:
    """What the server knows of what was undone: path → status, and how often it was undone."""
    memo = await (await run.describe()).memo()
    undone = {key.removeprefix(PREFIX): value for key, value in memo.items() if key.startswith(PREFIX)}
    return {
        path: value if isinstance(value, bool) else (value["status"], value["times"])
        for path, value in undone.items()
    }


async def count_changes(run: Run) -> int:
    """How often the memo was changed."""
    modified = EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED
    return sum(event.event_type == modified for event in await events_of(run))


async def test_a_healthy_run_writes_nothing(client: Client, task_queue: str) -> None:
    async with create_worker(client, [succeed, undoing()], task_queue=task_queue):
        run = await begin(client, task_queue, SAGA.replace("LAST", "activity: ok"))
        await run.result()
    assert await read_memo(run) == {}
    assert await count_changes(run) == 0


async def test_a_failed_run(client: Client, task_queue: str) -> None:
    async with create_worker(client, [succeed, fail, undoing(b="fails")], task_queue=task_queue):
        run = await begin(client, task_queue, FAILS)
        with pytest.raises(WorkflowFailureError):
            await run.result()
    assert await read_memo(run) == {"c": ("undone", 1), "b": ("not_undone", 0), "a": ("undone", 1)}
    assert await count_changes(run) <= 5  # the end of one and the begin of the next are written together


async def test_a_run_that_was_stopped_at_its_first_failure_to_undo(client: Client, task_queue: str) -> None:
    text = FAILS + "saga: {continue_on_error: false}\n"
    async with create_worker(client, [succeed, fail, undoing(b="fails")], task_queue=task_queue):
        run = await begin(client, task_queue, text)
        with pytest.raises(WorkflowFailureError):
            await run.result()
    assert await read_memo(run) == {"c": ("undone", 1), "b": ("not_undone", 0), "a": ("not_undone", 0)}


async def test_a_completed_run_that_has_undone_all(client: Client, task_queue: str) -> None:
    text = FAILS + "on_failure: {result: {success: false}}\n"
    async with create_worker(client, [succeed, fail, undoing()], task_queue=task_queue):
        run = await begin(client, task_queue, text)
        assert await run.result() == {"success": False}
    assert await read_memo(run) == {"c": ("undone", 1), "b": ("undone", 1), "a": ("undone", 1)}


async def test_a_cancelled_run(client: Client, task_queue: str) -> None:
    text = SAGA.replace("LAST", "wait: 1h")
    async with create_worker(client, [succeed, undoing()], task_queue=task_queue):
        run = await begin(client, task_queue, text)
        await until(partial(_runs, run, "last"), "the last step runs")
        await run.cancel()
        with pytest.raises(WorkflowFailureError):
            await run.result()
    assert await read_memo(run) == {"c": ("undone", 1), "b": ("undone", 1), "a": ("undone", 1)}


@pytest.mark.parametrize("parallel", [False, True], ids=["in order", "together"])
async def test_a_run_that_was_terminated_while_it_undid(
    client: Client, task_queue: str, parallel: bool
) -> None:
    text = FAILS + "saga: {parallel: true}\n" * parallel
    expected = {"c": ("undone", 1), "b": ("undoing", 0)} | ({"a": ("undone", 1)} if parallel else {})

    async def is_there() -> bool:
        return await read_memo(run) == expected

    async with create_worker(
        client, [succeed, fail, undoing(b="hangs")], task_queue=task_queue, graceful_shutdown=timedelta(0)
    ):
        run = await begin(client, task_queue, text)
        await until(is_there, "the memo says what is undone")
        await run.terminate()
    assert await read_memo(run) == expected


async def test_a_block_that_is_undone_and_tried_again(client: Client, task_queue: str) -> None:
    text = """\
dsl: "1"
name: again
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
steps:
  - id: block
    retry: {initial_interval: 1s, maximum_attempts: 2}
    steps:
      - {id: a, activity: ok, compensate: {activity: undo, args: [a]}}
      - {id: last, raise: {type: No, message: not yet, non_retryable: false}}
"""
    async with create_worker(client, [succeed, undoing()], task_queue=task_queue):
        run = await begin(client, task_queue, text)
        with pytest.raises(WorkflowFailureError):
            await run.result()
    assert await read_memo(run) == {"a": ("undone", 2)}


ITEMS = """\
dsl: "1"
name: items
input: {type: object, properties: {items: {type: array, items: {type: string}}}}
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
steps:
  - id: all
    for_each: input.items
    key: item
    steps:
      - {id: one, activity: ok, compensate: {activity: undo, args: ["${ item }"]}}
  - {activity: fail}
"""


async def test_iterations_in_many_runs(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The memo is that of all runs of the chain; items go by their keys."""
    monkeypatch.setattr(start_module, "StartRequest", partial(StartRequest, continue_as_new_after=1))
    async with create_worker(client, [succeed, fail, undoing()], task_queue=task_queue):
        run = await begin(client, task_queue, ITEMS, {"items": ["x", "y"]})
        with pytest.raises(WorkflowFailureError):
            await run.result()
    last = client.get_workflow_handle(task_queue)
    assert await read_memo(last) == {"all[x]/one": ("undone", 1), "all[y]/one": ("undone", 1)}


async def test_what_was_undone_before_the_run_continued_as_new(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`a` was undone once and done anew. The server does not carry that over by itself."""
    monkeypatch.setattr(start_module, "StartRequest", partial(StartRequest, continue_as_new_after=1))
    text = """\
dsl: "1"
name: later
vars: {again: true}
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
steps:
  - id: block
    steps:
      - {id: a, activity: ok, compensate: {activity: undo, args: [a]}}
      - {when: "${ vars.again }", raise: {type: No, message: not yet}}
    catch: [{compensate: true, steps: [{set: {again: false}}]}]
  - {activity: ok}
  - {activity: ok}
"""
    async with create_worker(client, [succeed, undoing()], task_queue=task_queue):
        run = await begin(client, task_queue, text)
        await run.result()
    last = client.get_workflow_handle(task_queue)
    assert (await last.describe()).run_id != run.first_execution_run_id
    assert await read_memo(last) == {"a": ("undone", 1)}
    assert (await (await last.describe()).memo())["name"] == "later"


async def test_more_than_are_recorded(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undone_memo, "MAXIMUM_RECORDS", 2)
    monkeypatch.setattr(undone_memo, "LONGEST_PATH", 15)
    items = ["a", "b", "c", "too-long-for-a-key"]
    async with create_worker(client, [succeed, fail, undoing()], task_queue=task_queue):
        run = await begin(client, task_queue, ITEMS, {"items": items})
        with pytest.raises(WorkflowFailureError):
            await run.result()
    memo = await read_memo(run)
    assert memo[""] is True
    assert len(memo) == 2


async def test_a_child_that_has_undone_itself(client: Client, task_queue: str) -> None:
    text = """\
dsl: "1"
name: parent
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
definitions:
  child:
    dsl: "1"
    name: child
    defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
    steps:
      - {id: inner, activity: ok, compensate: {activity: undo, args: [inner]}}
      - {activity: fail}
steps:
  - {id: nested, child_workflow: {definition: child, workflow_id: "${ run.workflow_id }-child"}}
"""
    async with create_worker(client, [succeed, fail, undoing()], task_queue=task_queue):
        run = await begin(client, task_queue, text)
        with pytest.raises(WorkflowFailureError):
            await run.result()
    assert await read_memo(run) == {"nested": ("undone", 1)}
    child = client.get_workflow_handle(f"{task_queue}-child")
    assert await read_memo(child) == {"inner": ("undone", 1)}


async def _runs(run: Run, step: str) -> bool:
    steps = (await run.query("status"))["steps"]
    return any(each["step"] == step and each["state"] == "running" for each in steps)
