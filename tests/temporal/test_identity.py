"""A key names one effect, also over several runs of one workflow id: only what was undone gets a new key.

The service of these tests is a ledger that is idempotent by key, as a real one has to be. It answers a key that it
knows with the first answer; a key that was undone it refuses for good.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from interpreter.temporal.client import start as start_module
from interpreter.temporal.client.own_predecessor import PredecessorProblem
from interpreter.temporal.wire.request import StartRequest
from stepfile import StartOptions, create_worker, prepare, read_text, start
from stepfile.activity import idempotency_key
from tests.support.waiting import until

Run = WorkflowHandle[Any, Any]


@dataclass
class Ledger:
    """What there is: the effects of each step, by key, and what was undone."""

    effects: dict[str, str] = field(default_factory=dict)
    """Key → step, of what was done and not undone."""
    tombstones: set[str] = field(default_factory=set)
    fails: set[str] = field(default_factory=set)
    """Steps that fail for good, and compensations (`undo a`) that do."""
    hangs: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)

    def activities(self) -> list[Any]:
        @activity.defn(name="do")
        async def do(step: str) -> str:
            key = idempotency_key()
            self.calls.append(f"{step} {key.rpartition('/')[2]}")
            is_hanging = f"do {step}" in self.hangs
            while is_hanging:  # until the test lets it go on
                await asyncio.sleep(0.05)
                is_hanging = f"do {step}" in self.hangs
            if step in self.fails:
                raise ApplicationError("no", type="No", non_retryable=True)
            if key in self.tombstones:
                raise ApplicationError(f"{key} was undone before", type="Undone", non_retryable=True)
            self.effects[key] = step
            return key

        @activity.defn(name="undo")
        async def undo(step: str) -> None:
            if f"undo {step}" in self.fails:
                raise ApplicationError("stuck", type="Stuck", non_retryable=True)
            is_hanging = f"undo {step}" in self.hangs
            while is_hanging:  # until the run is no more, which the heartbeat tells
                activity.heartbeat()
                await asyncio.sleep(0.1)
            key = idempotency_key()
            self.tombstones.add(key)
            self.effects.pop(key, None)

        return [do, undo]

    def steps(self) -> list[str]:
        return sorted(self.effects.values())


SAGA = """\
dsl: "1"
name: order
input: {type: object, properties: {items: {type: array, items: {type: string}}}}
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
steps:
  - {id: a, activity: do, args: [a], compensate: {activity: undo, args: [a]}}
  - {id: b, activity: do, args: [b], compensate: {activity: undo, args: [b], retry: {maximum_attempts: 1}}}
  - {id: c, activity: do, args: [c]}
  - {id: last, activity: do, args: [last]}
"""
AGAIN = StartOptions(id_reuse="allow-duplicate-failed-only")


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


async def begin(client: Client, task_queue: str, text: str = SAGA, data: Any = None, **options: Any) -> Run:
    submission = prepare(read_text(text), data or {})
    return await start(client, submission, workflow_id=task_queue, task_queue=task_queue, **options)


async def fail(client: Client, task_queue: str, text: str = SAGA, data: Any = None) -> None:
    run = await begin(client, task_queue, text, data)
    with pytest.raises(WorkflowFailureError):
        await run.result()


async def test_a_run_that_failed_and_was_undone(client: Client, task_queue: str, ledger: Ledger) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        for _ in range(2):
            ledger.fails = {"last"}
            await fail(client, task_queue)
            assert ledger.steps() == ["c"]
        ledger.fails = set()
        run = await begin(client, task_queue, options=AGAIN)
        await run.result()
    assert ledger.steps() == ["a", "b", "c", "last"]
    assert ledger.calls[-4:] == ["a a#3", "b b#3", "c c", "last last"]


async def test_what_could_not_be_undone_keeps_its_key(
    client: Client, task_queue: str, ledger: Ledger
) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last", "undo b"}
        await fail(client, task_queue)
        assert ledger.steps() == ["b", "c"]
        ledger.fails = set()
        await (await begin(client, task_queue)).result()
    assert ledger.steps() == ["a", "b", "c", "last"]
    assert ledger.calls[-4:] == ["a a#2", "b b", "c c", "last last"]


async def test_a_run_that_completed_after_all_was_undone(
    client: Client, task_queue: str, ledger: Ledger
) -> None:
    text = SAGA + "on_failure: {result: {success: false}}\n"
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        assert await (await begin(client, task_queue, text)).result() == {"success": False}
        ledger.fails = set()
        await (await begin(client, task_queue, text)).result()
    assert ledger.steps() == ["a", "b", "c", "last"]


async def test_a_run_that_was_terminated_while_it_undid(
    client: Client, task_queue: str, ledger: Ledger
) -> None:
    """`b` was undone. The compensation of `a` had begun, so nobody knows: `a` keeps its key; it is not done twice."""
    async with create_worker(
        client, ledger.activities(), task_queue=task_queue, graceful_shutdown=timedelta(0)
    ):
        ledger.fails, ledger.hangs = {"last"}, {"undo a"}
        run = await begin(client, task_queue)
        await until(partial(_has_memo, run, "undone:a"), "the compensation of a has begun")
        await run.terminate()
        ledger.fails, ledger.hangs = set(), set()
        await (await begin(client, task_queue)).result()
    assert ledger.calls[-4:] == ["a a", "b b#2", "c c", "last last"]


async def test_a_run_that_was_cancelled(client: Client, task_queue: str, ledger: Ledger) -> None:
    text = SAGA + "  - {id: pause, wait: 1h}\n"
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        run = await begin(client, task_queue, text)
        await until(partial(_runs, run, "pause"), "the last step runs")
        await run.cancel()
        with pytest.raises(WorkflowFailureError):
            await run.result()
        await (await begin(client, task_queue)).result()
    assert ledger.calls[-4:] == ["a a#2", "b b#2", "c c", "last last"]


ITEMS = """\
dsl: "1"
name: items
input: {type: object, properties: {items: {type: array, items: {type: string}}}}
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
steps:
  - id: all
    for_each: input.items
    key: item
    steps: [{id: one, activity: do, args: ["${ item }"], compensate: {activity: undo, args: ["${ item }"]}}]
  - {id: last, activity: do, args: [last]}
"""


async def test_items_go_by_their_keys_also_in_many_runs(
    client: Client, task_queue: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_module, "StartRequest", partial(StartRequest, continue_as_new_after=1))
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue, ITEMS, {"items": ["x", "y"]})
        ledger.fails = set()
        await (await begin(client, task_queue, ITEMS, {"items": ["z", "y"]})).result()
    assert sorted(ledger.effects) == [
        f"{task_queue}/all[y]/one#2",
        f"{task_queue}/all[z]/one",
        f"{task_queue}/last",
    ]


BLOCK = """\
dsl: "1"
name: block
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
steps:
  - id: block
    compensate: {activity: undo, args: [block]}
    steps: [{id: a, activity: do, args: [a]}]
  - {id: last, activity: do, args: [last]}
"""


async def test_what_is_inside_a_block_is_undone_with_it(
    client: Client, task_queue: str, ledger: Ledger
) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue, BLOCK)
        ledger.fails = set()
        await (await begin(client, task_queue, BLOCK)).result()
    assert ledger.calls[-2:] == ["a a#2", "last last"]


async def test_after_a_retry_of_the_whole_run(client: Client, task_queue: str, ledger: Ledger) -> None:
    """Two attempts of the first run were undone, so the second run begins with the third key."""
    text = SAGA.replace("steps:\n", "retry: {initial_interval: 1s, maximum_attempts: 2}\nsteps:\n", 1)
    text = text.replace("args: [last]}", "args: [last], retry: {maximum_attempts: 1}}")
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue, text)
        tried = [call for call in ledger.calls if call.startswith("a ")]
        ledger.fails = set()
        await (await begin(client, task_queue, text)).result()
    again = [call for call in ledger.calls if call.startswith("a ")][len(tried) :]
    assert again == [f"a a#{len(tried) + 1}"]
    assert ledger.steps() == ["a", "b", "c", "last"]


async def test_a_child_with_an_id_of_its_own(client: Client, task_queue: str, ledger: Ledger) -> None:
    """The parent knows how often the child was undone: its second run begins with other keys."""
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
      - {id: inner, activity: do, args: [inner], compensate: {activity: undo, args: [inner]}}
      - {id: last, activity: do, args: [last]}
steps:
  - {id: nested, child_workflow: {definition: child, workflow_id: "${ run.workflow_id }-child"}}
"""
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue, text)
        ledger.fails = set()
        await (await begin(client, task_queue, text)).result()
    assert ledger.steps() == ["inner", "last"]
    assert ledger.calls[-2:] == ["inner inner#2", "last last"]


async def test_more_was_undone_than_the_memo_holds(
    client: Client, task_queue: str, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interpreter.temporal.workflow.undone_memo.MAXIMUM_RECORDS", 1)
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"last"}
        await fail(client, task_queue)
        with pytest.raises(PredecessorProblem, match="more steps than its memo holds"):
            await begin(client, task_queue)


async def _has_memo(run: Run, key: str) -> bool:
    return key in await (await run.describe()).memo()


async def _runs(run: Run, step: str) -> bool:
    steps = (await run.query("status"))["steps"]
    return any(each["step"] == step and each["state"] == "running" for each in steps)
