"""Letters are redriven and runs are repaired in any order: what a run needs stays, and no key comes twice."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.service import RPCError

from interpreter.effects import UndoneStatus
from interpreter.letters.orders import Command
from interpreter.letters.status import LetterStatus
from interpreter.temporal.client.letters.give import build_order
from interpreter.temporal.client.letters.handle import LetterHandle
from interpreter.temporal.client.letters.in_temporal import TemporalLetters
from interpreter.temporal.client.letters.plan import RedriveChanges, plan_redrive
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.client.own_predecessor import PredecessorProblem
from interpreter.temporal.repair.problem import RepairProblem
from interpreter.temporal.repair.resume import plan_resume
from interpreter.temporal.repair.retry import plan_retry
from interpreter.temporal.wire.undone_records import decode_records
from tests.support.waiting import until
from tests.temporal.letters.test_repaired_runs import Shop

NOT_UNDONE = """
saga: {dead_letter: QUEUE, retry: {maximum_attempts: 1}}
steps:
  - {id: a, activity: do, args: [a], compensate: {activity: undo, args: ["${ result }"]}}
  - {id: b, activity: do, args: [b]}
"""

WENT_ON = """
vars: {since: 1}
steps:
  - {id: y, activity: do, args: [y], compensate: {activity: undo, args: ["${ result }"]}}
  - {id: note, activity: do, args: [note], dead_letter: {queue: QUEUE, then: continue}}
  - {id: x, activity: do, args: [x]}
"""

READS = """
vars: {since: 1}
steps:
  - {id: y, activity: do, args: [y], compensate: {activity: undo, args: ["${ result }"]}}
  - set: {since: "${ steps.y.result }"}
  - {id: note, activity: do, args: [note, "${ vars.since }"], dead_letter: {queue: QUEUE, then: continue}}
  - {id: x, activity: do, args: [x]}
"""


@pytest.fixture
def shop(client: Client, task_queue: str) -> Shop:
    return Shop(client, task_queue)


async def retry(shop: Shop) -> None:
    """Run the failed run again from its beginning, to its end."""
    await (await (await plan_retry(shop.client, shop.name)).start()).result()


async def test_a_compensation_is_not_redriven_once_a_later_run_needs_its_effect(shop: Shop) -> None:
    shop.down = {"b", "undo a"}
    async with shop.worker():
        await shop.run(NOT_UNDONE)
        shop.down = set()
        await retry(shop)
        assert shop.effects == {"/a": "a", "/b": "b"}
        with pytest.raises(LetterProblem, match="has completed, and needs what this would undo"):
            await shop.letter("a.compensate").redrive("too late")
    assert shop.effects == {"/a": "a", "/b": "b"}


async def test_a_compensation_is_redriven_if_the_later_run_has_not_come_to_its_step(shop: Shop) -> None:
    shop.down = {"b", "undo a"}
    async with shop.worker():
        await shop.run(NOT_UNDONE)
        shop.down = {"a"}
        assert await shop.run(NOT_UNDONE) is None
        assert shop.effects == {"/a": "a"}
        shop.down = set()
        await shop.letter("a.compensate").redrive("repaired")
        assert shop.effects == {}
        with pytest.raises(
            RepairProblem, match="a: the redrive of a dead letter has undone its effect since"
        ):
            await (await plan_resume(shop.client, shop.name)).start()
        await retry(shop)
    assert shop.effects == {"/a#2": "a", "/b": "b"}


async def test_what_a_redrive_of_poison_has_undone_gets_another_key(shop: Shop) -> None:
    shop.down = {"b", "undo a"}
    async with shop.worker():
        await shop.run(NOT_UNDONE)
        for _ in range(3):
            with pytest.raises(LetterProblem, match="the service is down"):
                await shop.letter("a.compensate").redrive("too early")
        shop.down = set()
        letter = await shop.letter("a.compensate").read()
        plan = await plan_redrive(shop.client, letter, RedriveChanges(despite_poison=True))
        order = build_order(Command.REDRIVE, "me", "repaired", plan)
        await TemporalLetters(shop.client).give_order(letter.summary.id, order)
        await until(lambda: _has_ended(LetterHandle(shop.client, letter.summary.id)), "the letter has ended")
        await retry(shop)
    assert shop.effects == {"/a#2": "a", "/b": "b"}


async def test_what_a_redrive_has_undone_gets_another_key(shop: Shop) -> None:
    shop.down = {"b", "undo a"}
    async with shop.worker():
        await shop.run(NOT_UNDONE)
        shop.down = set()
        await shop.letter("a.compensate").redrive("repaired")
        assert shop.effects == {}
        await retry(shop)
    assert shop.effects == {"/a#2": "a", "/b": "b"}


async def test_no_run_is_started_while_a_compensation_is_redriven(shop: Shop) -> None:
    shop.down = {"b", "undo a"}
    async with shop.worker():
        await shop.run(NOT_UNDONE)
        shop.down, shop.held = set(), asyncio.Event()
        redrive = asyncio.create_task(shop.letter("a.compensate").redrive("repaired"))

        async def is_redriven() -> bool:
            return await shop.status("a.compensate") is LetterStatus.REDRIVING

        await until(is_redriven, "the compensation is redriven")
        with pytest.raises(PredecessorProblem, match="could not undo is being undone now, by the redrive of"):
            await plan_retry(shop.client, shop.name)
        shop.held.set()
        await redrive
        await retry(shop)
    assert shop.effects == {"/a#2": "a", "/b": "b"}


async def test_a_step_that_a_resumed_run_has_left_out_is_redriven_alone(shop: Shop) -> None:
    shop.down = {"note", "x"}
    async with shop.worker():
        await shop.run(WENT_ON)
        assert shop.effects == {}, "y was undone"
        for failing in ("x", ""):
            shop.down = {failing}
            resumed = await (await plan_resume(shop.client, shop.name)).start()
            with suppress(WorkflowFailureError):
                await resumed.result()
        assert shop.effects == {"/y#3": "y", "/x": "x"}
        await shop.letter("note").redrive("repaired")
    assert shop.effects == {"/y#3": "y", "/x": "x", "/note": "note"}


async def test_a_run_is_not_resumed_beside_a_letter_whose_values_were_undone(shop: Shop) -> None:
    """So the values of a letter that a resumed run has left to a redrive still hold."""
    shop.down = {"note", "x"}
    async with shop.worker():
        await shop.run(READS)
        shop.down = set()
        with pytest.raises(RepairProblem, match="note: it is not run again, and has read vars"):
            await (await plan_resume(shop.client, shop.name)).start()


async def test_a_run_that_was_begun_anew_has_done_what_a_letter_asks_for(shop: Shop) -> None:
    shop.down = {"note", "x"}
    async with shop.worker():
        await shop.run(WENT_ON)
        shop.down = set()
        await retry(shop)
        with pytest.raises(LetterProblem, match="has completed since, so there is nothing to redrive"):
            await shop.letter("note").redrive("too late")


async def _has_ended(letter: LetterHandle) -> bool:
    return (await letter.read()).summary.status is LetterStatus.RESOLVED


FAMILY = """
definitions:
  ship:
    dsl: "1"
    name: ship
    defaults: {timeouts: {start_to_close: 20s}, retry: {maximum_attempts: 1}}
    dead_letter_queues: {QUEUE: {}}
    steps:
      - {id: a, activity: do, args: [a], compensate: {activity: undo, args: ["${ result }"]}}
      - {id: b, activity: do, args: [b], dead_letter: QUEUE}
steps:
  - {id: ship, child_workflow: {definition: ship}}
"""


BY_PARENT, IN_ANOTHER_WAY = (
    "which runs it again",
    "which has completed, and may have done this work in another way",
)


async def test_a_child_that_was_undone_is_run_again_by_its_parent_alone(shop: Shop) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(FAMILY)
        shop.down = set()
        letter = shop.letter("ship/b")
        await until(lambda: _has_heard(letter), "the letter has heard of the undoing")
        await _refuse_child(letter, f"is a child of {shop.name}, {BY_PARENT}")
        await (await (await plan_resume(shop.client, shop.name)).start()).result()
        await _refuse_child(letter, f"is a child of {shop.name}, {IN_ANOTHER_WAY}")
    assert sorted(shop.effects) == ["/ship#2/a", "/ship#2/b"]


async def test_a_child_that_has_failed_with_nothing_undone_is_run_again_by_its_parent(shop: Shop) -> None:
    """The parent takes a child that has failed for undone, and runs it again under other keys."""
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(FAMILY.replace(', compensate: {activity: undo, args: ["${ result }"]}', ""))
        shop.down = set()
        letter = shop.letter("ship/b")
        await _refuse_child(letter, f"its run has failed, and is a child of {shop.name}, {BY_PARENT}")
        await (await (await plan_resume(shop.client, shop.name)).start()).result()
        await _refuse_child(letter, f"its run has failed, and is a child of {shop.name}, {IN_ANOTHER_WAY}")
    assert "/ship/b" not in shop.effects


async def test_a_child_whose_parent_went_on_without_it(shop: Shop) -> None:
    caught = FAMILY.replace("{definition: ship}}", "{definition: ship}, catch: [{steps: [{wait: 1ms}]}]}")
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(caught.replace(', compensate: {activity: undo, args: ["${ result }"]}', ""))
        shop.down = set()
        await shop.letter("ship/b").redrive("repaired")
    assert sorted(shop.effects) == ["/ship/a", "/ship/b"]


async def _refuse_child(letter: LetterHandle, why: str) -> None:
    with pytest.raises(LetterProblem, match=why):
        await letter.redrive("repaired")


TWO = """
saga: {retry: {initial_interval: 1m}}
steps:
  - {id: w, activity: do, args: [w], compensate: {activity: undo, args: [w]}}
  - {id: y, activity: do, args: [y], compensate: {activity: undo, args: [y]}}
  - {id: note, activity: do, args: [note], dead_letter: {queue: QUEUE, then: continue}}
  - {id: x, activity: do, args: [x]}
"""


@pytest.mark.parametrize("status", [UndoneStatus.UNDOING, UndoneStatus.UNDONE])
async def test_a_run_that_was_stopped_while_it_undid_and_a_later_one(
    shop: Shop, status: UndoneStatus
) -> None:
    shop.down, shop.held = {"note", "x", "undo w"}, asyncio.Event()
    handle: WorkflowHandle[Any, Any] = shop.client.get_workflow_handle(shop.name)

    async def tells_it() -> bool:
        with suppress(RPCError):  # it is not there yet
            records = decode_records(await (await handle.describe()).memo())
            return "y" in records and records["y"].status is status
        return False

    async with shop.worker():
        running = asyncio.create_task(shop.run(TWO))
        if status is UndoneStatus.UNDONE:
            shop.held.set()
        await until(tells_it, "it is undoing")
        await handle.terminate()
        await running
        shop.held.set()
        with pytest.raises(LetterProblem, match="was stopped from outside after it had begun to undo"):
            await shop.letter("note").redrive("repaired")
        shop.down = {"w"}
        with suppress(WorkflowFailureError):
            await retry(shop)
        shop.down = set()
        with pytest.raises(LetterProblem, match="has undone something since"):
            await shop.letter("note").redrive("repaired")
    assert "/note" not in shop.effects


async def _has_heard(letter: LetterHandle) -> bool:
    end = (await letter.read()).run_end
    return end is not None and bool(end.undone)
