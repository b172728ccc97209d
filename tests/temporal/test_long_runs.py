"""Runs that continue as new on a real server: what is carried over, what must not be lost, and what is too large."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError, CancelledError

from interpreter.temporal.client import start as starting
from interpreter.temporal.wire.request import StartRequest
from interpreter.temporal.workflow import effects
from stepfile import create_worker, prepare, read_text, start

pytestmark = pytest.mark.slow

HEAD = """\
dsl: "1"
name: long
defaults: {timeouts: {start_to_close: 10s, heartbeat: 5s}, retry: {maximum_attempts: 1}}
"""


@pytest.fixture(autouse=True)
def _at_every_checkpoint() -> Iterator[None]:
    """Runs continue as new wherever they can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(starting, "StartRequest", partial(StartRequest, continue_as_new_after=1))
        yield


async def started(client: Client, text: str, name: str, data: Any = None) -> WorkflowHandle[Any, Any]:
    await start(client, prepare(read_text(HEAD + text), data), workflow_id=name, task_queue=name)
    return client.get_workflow_handle(name)


async def runs_of(client: Client, name: str) -> int:
    return len([each async for each in client.list_workflows(f'WorkflowId = "{name}"')])


COUNTING = """
signals: {add: {}, stop: {}}
vars: {sum: 0}
steps:
  - id: listen
    repeat: {until: "steps.message.result.signal == 'stop'", maximum_iterations: 1000}
    steps:
      - {id: message, wait_for: {any: [add, stop]}}
      - {set: {sum: "${ vars.sum + (steps.message.result.payload ?? 0) }"}}
output: ${ vars.sum }
"""


async def test_no_signal_is_lost_between_two_runs(client: Client, task_queue: str) -> None:
    async with create_worker(client, [], task_queue=task_queue):
        handle = await started(client, COUNTING, task_queue)
        for number in range(1, 13):
            await handle.signal("add", number)
        await handle.signal("stop")
        assert await handle.result() == sum(range(1, 13))
    assert await runs_of(client, task_queue) > 2


BOOKING = """
steps:
  - id: all
    repeat: {maximum_iterations: 1000}
    steps:
      - {id: book, activity: book, args: ["${ step.key }"], compensate: {activity: undo, args: ["${ step.key }"]}}
"""


async def test_a_cancel_between_two_runs_is_not_lost(client: Client, task_queue: str) -> None:
    done: list[str] = []

    @activity.defn
    async def book(key: str) -> None:
        done.append(key)

    @activity.defn
    async def undo(key: str) -> None:
        done.remove(key)

    async def one(number: int) -> None:
        name = f"{task_queue}-{number}"
        submission = prepare(read_text(HEAD + BOOKING))
        await start(client, submission, workflow_id=name, task_queue=task_queue)
        handle = client.get_workflow_handle(name)
        await asyncio.sleep(0.3 + number * 0.037)  # at any point of a run, or between two
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
        assert isinstance(caught.value.cause, CancelledError)

    async with create_worker(client, [book, undo], task_queue=task_queue):
        await asyncio.gather(*(one(number) for number in range(12)))
    assert done == []


GROWING = """
steps:
  - {id: book, activity: book, compensate: {activity: undo}}
  - {id: small, activity: more, args: [100000]}
  - {id: large, activity: more, args: [1100000]}
  - {id: other, activity: more, args: [900000]}
  - {id: never, activity: more, args: [1]}
"""


async def test_a_state_that_is_too_large_fails_and_is_undone(client: Client, task_queue: str) -> None:
    undone: list[bool] = []

    @activity.defn
    async def book() -> None: ...

    @activity.defn
    async def undo() -> None:
        undone.append(True)

    @activity.defn
    async def more(size: int) -> str:
        return "x" * size

    async with create_worker(client, [book, undo, more], task_queue=task_queue):
        handle = await started(client, GROWING, task_queue)
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
    error = caught.value.cause
    assert isinstance(error, ApplicationError)
    assert error.type == "TooLarge"
    assert "steps.large alone has 1,100," in error.message
    assert undone == [True]


BESIDE_THE_INPUT = """
input: {type: string}
steps:
  - {id: book, activity: book, compensate: {activity: undo}}
  - {id: large, activity: more, args: [900000]}
  - {id: never, activity: more, args: [1]}
"""


async def test_a_state_that_is_too_large_beside_the_input_fails_as_well(
    client: Client, task_queue: str
) -> None:
    undone: list[bool] = []

    @activity.defn
    async def book() -> None: ...

    @activity.defn
    async def undo() -> None:
        undone.append(True)

    @activity.defn
    async def more(size: int) -> str:
        return "x" * size

    async with create_worker(client, [book, undo, more], task_queue=task_queue):
        handle = await started(client, BESIDE_THE_INPUT, task_queue, "y" * 1_200_000)
        with pytest.raises(WorkflowFailureError) as caught:
            await asyncio.wait_for(handle.result(), 30)
    error = caught.value.cause
    assert isinstance(error, ApplicationError)
    assert error.type == "TooLarge"
    assert "the input alone has 1,200," in error.message
    assert undone == [True]


IN_A_CLAUSE = """
steps:
  - id: work
    raise: {type: Broken}
    catch:
      - steps:
          - id: long
            repeat: {maximum_iterations: 1000}
            steps: [{activity: more}]
"""


async def test_a_history_that_is_full_fails_by_a_name(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "FULL_EVENTS", 60)

    @activity.defn
    async def more() -> None: ...

    async with create_worker(client, [more], task_queue=task_queue):
        handle = await started(client, IN_A_CLAUSE, task_queue)
        with pytest.raises(WorkflowFailureError) as caught:
            await handle.result()
    error = caught.value.cause
    assert isinstance(error, ApplicationError)
    assert error.type == "TooLarge"
    assert "events" in error.message
    assert error.details[0]["step"] == "long"


URGENT = """
input: {type: array}
steps:
  - id: all
    for_each: input
    concurrency: 3
    steps:
      - {id: work, activity: work, args: ["${ item }"]}
      - {activity: work, args: ["${ item }"]}
output: ${ steps.all.result }
"""


async def test_when_it_is_urgent_items_wait_for_each_other(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "MORE_EVENTS", 10)

    @activity.defn
    async def work(item: int) -> int:
        await asyncio.sleep(0.01 * (item % 3))
        return item * 2

    async with create_worker(client, [work], task_queue=task_queue):
        handle = await started(client, URGENT, task_queue, [*range(20)])
        assert await handle.result() == [item * 2 for item in range(20)]
    assert await runs_of(client, task_queue) > 2
