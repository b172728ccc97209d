"""A run that was resumed resolves the letters of what it has done, on a real server, by a worker that forgets all."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from temporalio.client import Client

from interpreter.letters.orders import Command, Order
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from interpreter.letters.transitions import (
    RedriveEnd,
    RedriveResult,
    end_redrive,
    fail_again,
    open_letter,
    take_order,
)
from interpreter.temporal.client import start as start_module
from interpreter.temporal.client.history.reader import HistoryReader
from interpreter.temporal.entities.letter_events import find_cause
from interpreter.temporal.repair.resume import plan_resume
from interpreter.temporal.wire.letters import ORDER_SIGNAL
from interpreter.temporal.wire.request import StartRequest
from tests.interpreter.letters.records import BEGAN, build_record, build_start
from tests.support.history import events_of
from tests.support.waiting import until
from tests.temporal.letters.support import Desk
from tests.temporal.letters.test_repaired_runs import Shop

FACT = Order("fact", Command.RESOLVE, "the run order-1", "it was done", is_fact=True)

STEPS = """
steps:
  - {id: a, activity: do, args: [a], dead_letter: {queue: QUEUE, then: continue}}
  - {id: b, activity: do, args: [b], dead_letter: QUEUE}
  - {id: c, activity: do, args: [c]}
"""


@pytest.fixture
def shop(client: Client, task_queue: str) -> Shop:
    return Shop(client, task_queue)


async def resume(shop: Shop) -> Any:
    """Resume the run to its end; its handle."""
    resumption = await plan_resume(shop.client, shop.name)
    assert resumption.plan.refused == []
    resumed = await resumption.start(reason="the bank is back")
    await resumed.result()
    return resumed


async def wait_for_end(shop: Shop, step: str) -> LetterSummary:
    """Wait until the letter of a step is resolved."""
    await until(partial(_is_resolved, shop, step), f"the letter of {step} is resolved")
    return (await shop.letter(step).read()).summary


async def _is_resolved(shop: Shop, step: str) -> bool:
    return await shop.status(step) is LetterStatus.RESOLVED


async def count_orders(run: Any) -> int:
    """Count the orders that a run has given to letters."""
    name = "signal_external_workflow_execution_initiated_event_attributes"
    return sum(getattr(event, name).signal_name == ORDER_SIGNAL for event in await events_of(run))


async def test_the_letter_of_a_step_that_a_resumed_run_has_done(shop: Shop) -> None:
    async with shop.worker():
        shop.down = {"a", "b"}
        await shop.run(STEPS)
        shop.down = set()
        resumed = await resume(shop)
        letter = await wait_for_end(shop, "b")
        assert letter.redrives == 0
        (outcome,) = letter.outcomes
        assert (outcome.command, outcome.by) == (Command.RESOLVE, f"the run {shop.name}")
        who = f"resumed by {shop.client.identity}: the bank is back"
        assert outcome.reason == f"it was done in the run {resumed.result_run_id}, {who}"
        assert await shop.status("a") is LetterStatus.OPEN, "nobody has done it"
        assert await count_orders(resumed) == 1
        told = [
            entry.text async for entry in HistoryReader(shop.client, shop.name, resumed.result_run_id).read()
        ]
        assert f"the dead letter {shop.letter('b').id} is told that what had failed is done" in told


async def test_the_letters_of_the_items_of_a_loop_that_is_kept(shop: Shop) -> None:
    """The plan promises nothing of them, because nobody does them again."""
    steps = """
steps:
  - for_each: [1, 2]
    id: all
    tolerate_failures: 2
    dead_letter: QUEUE
    steps: [{id: x, activity: do, args: [x]}]
  - for_each: [1, 2]
    id: all2
    steps: [{id: y, activity: do, args: [y], dead_letter: {queue: QUEUE, then: continue}}]
  - {id: b, activity: do, args: [b], dead_letter: QUEUE}
"""
    async with shop.worker():
        shop.down = {"x", "y", "b"}
        await shop.run(steps)
        shop.down = set()
        resumption = await plan_resume(shop.client, shop.name)
        done, others = resumption.plan.notes
        assert (
            done == f"these dead letters are resolved once this run has done what had failed: {shop.name}/b"
        )
        assert others.startswith("these dead letters stay where they are: ")
        kept = ("all[0]", "all[1]", "all2[0]/y", "all2[1]/y")
        assert set(others.partition(": ")[2].split(", ")) == {f"{shop.name}/{path}" for path in kept}
        await (await resumption.start()).result()
        await wait_for_end(shop, "b")
        assert [await shop.status(path) for path in kept] == [LetterStatus.OPEN] * 4


async def test_a_resumed_run_that_continues_as_new_before_it_comes_to_the_step(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_module, "StartRequest", partial(StartRequest, continue_as_new_after=1))
    steps = """
steps:
  - {id: y, activity: do, args: [y], compensate: {activity: undo, args: [y]}}
  - {id: x, activity: do, args: [x], dead_letter: QUEUE}
"""
    async with shop.worker():
        shop.down = {"x"}
        await shop.run(steps)
        shop.down = set()
        resumed = await resume(shop)
        (outcome,) = (await wait_for_end(shop, "x")).outcomes
        assert "the bank is back" in outcome.reason
        last = await shop.client.get_workflow_handle(shop.name).describe()
        assert last.run_id != resumed.result_run_id


async def test_a_letter_that_has_ended_before(shop: Shop) -> None:
    """Somebody has resolved it by hand; the run is not kept from its end."""
    async with shop.worker():
        shop.down = {"b"}
        await shop.run(STEPS)
        await shop.letter("b").resolve("paid by bank transfer")
        shop.down = set()
        await resume(shop)
        (outcome,) = (await wait_for_end(shop, "b")).outcomes
        assert outcome.reason == "paid by bank transfer"


async def test_a_block_that_is_tried_again_in_the_same_run(shop: Shop) -> None:
    steps = """
steps:
  - id: block
    retry: {initial_interval: 1s, maximum_attempts: 2}
    steps:
      - {id: a, activity: do, args: [a], dead_letter: {queue: QUEUE, then: continue}}
      - {id: b, activity: do, args: [b]}
"""
    async with shop.worker():
        shop.once = {"a", "b"}
        assert await shop.run(steps) == "b"
        letter = await wait_for_end(shop, "a")
    assert shop.effects == {"/a": "a", "/b": "b"}
    assert "resumed" not in letter.outcomes[0].reason


def test_the_log_names_the_run_that_has_done_it_and_not_the_redrive_that_has_failed() -> None:
    letter = open_letter("letter", build_record())
    redriven = take_order(letter, Order("1", Command.REDRIVE, "ann", "", build_start(), 1), BEGAN)
    told = take_order(redriven, FACT, BEGAN)
    failed = end_redrive(told, RedriveEnd(RedriveResult.FAILED, "Declined", "no money"), BEGAN)
    done = end_redrive(redriven, RedriveEnd(RedriveResult.COMPLETED), BEGAN)
    assert find_cause(letter, redriven) == redriven.find_outcome("1")
    assert find_cause(redriven, done) == done.find_outcome("1")
    assert find_cause(told, failed) == failed.find_outcome("fact")
    assert find_cause(letter, fail_again(letter, build_record(1))) is None


async def test_a_letter_that_is_redriven_meanwhile(client: Client, task_queue: str) -> None:
    desk = Desk(client, task_queue, service="hang")
    async with desk.worker(max_cached_workflows=0):
        letter_id = await desk.write()
        order = await desk.redrive(letter_id)
        await desk.handle(letter_id).signal(ORDER_SIGNAL, FACT.to_json())
        await desk.outcome(letter_id, FACT)
        desk.service = "down"
        assert "no money" in (await desk.outcome(letter_id, order)).message
        letter = await desk.wait_for(letter_id, LetterStatus.RESOLVED)
    assert (letter.failures, letter.redrives) == (2, 1)
