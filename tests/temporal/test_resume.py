"""A run that has failed goes on from where it failed, in a new run: nothing is done twice, and nothing is left out.

The service of these tests is the ledger of `test_identity`: it answers a key that it knows with the first answer, and
refuses one that was undone.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError

from interpreter.temporal.repair.resume import plan_resume
from stepfile import create_worker
from tests.support.waiting import until
from tests.temporal.test_identity import SAGA, Ledger, _runs, begin, fail

PLAIN = """\
dsl: "1"
name: plain
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
steps:
  - {id: a, activity: do, args: [a]}
  - {id: b, activity: do, args: [b]}
  - {id: c, activity: do, args: ["${ steps.a.result }"]}
"""


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


async def resume(client: Client, workflow_id: str, **options: Any) -> Any:
    resumption = await plan_resume(client, workflow_id, **options)
    assert resumption.plan.refused == []
    return await (await resumption.start(reason="a test")).result()


async def test_it_goes_on_from_the_failed_step(client: Client, task_queue: str, ledger: Ledger) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        ledger.fails = {"b"}
        await fail(client, task_queue, PLAIN)
        ledger.fails = set()
        plan = (await plan_resume(client, task_queue)).plan
        assert [(each.step, each.action) for each in plan.steps] == [
            ("a", "keep"),
            ("b", "run_again"),
            ("c", "not_reached"),
        ]
        ledger.calls.clear()
        assert await resume(client, task_queue) == f"{task_queue}/c"
    assert ledger.calls == ["b b", f"{task_queue}/a c"]


async def test_what_was_undone_gets_a_new_key(client: Client, task_queue: str, ledger: Ledger) -> None:
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        for _ in range(2):
            ledger.fails = {"last"}
            if _ == 0:
                await fail(client, task_queue)
            else:
                with pytest.raises(WorkflowFailureError):
                    await resume(client, task_queue)
            assert ledger.steps() == ["c"]
        ledger.fails = set()
        ledger.calls.clear()
        await resume(client, task_queue)
    assert ledger.steps() == ["a", "b", "c", "last"]
    assert ledger.calls == ["a a#3", "b b#3", "last last"]


async def test_a_run_that_was_terminated(client: Client, task_queue: str, ledger: Ledger) -> None:
    text = SAGA.replace("  - {id: last,", "  - {id: pause, wait: 5s}\n  - {id: last,")
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        run = await begin(client, task_queue, text)
        await until(partial(_runs, run, "pause"), "it waits")
        await run.terminate()
        ledger.calls.clear()
        await resume(client, task_queue)
    assert ledger.calls == ["last last"]


async def test_a_run_that_was_cancelled(client: Client, task_queue: str, ledger: Ledger) -> None:
    text = SAGA.replace("  - {id: last,", "  - {id: pause, wait: 5s}\n  - {id: last,")
    async with create_worker(client, ledger.activities(), task_queue=task_queue):
        run = await begin(client, task_queue, text)
        await until(partial(_runs, run, "pause"), "it waits")
        await run.cancel()
        with pytest.raises(WorkflowFailureError):
            await run.result()
        ledger.calls.clear()
        await resume(client, task_queue)
    assert ledger.calls == ["a a#2", "b b#2", "last last"]
