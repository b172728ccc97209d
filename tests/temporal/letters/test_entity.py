"""The entity of a letter on a real server: what becomes of it, whoever dies meanwhile."""

from __future__ import annotations

import asyncio

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus

from interpreter.letters.orders import Command, RedriveMode, Result
from interpreter.letters.run_end import RunEnd
from interpreter.letters.status import LetterStatus
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.entities import letter as entity
from interpreter.temporal.wire.letters import (
    LETTER_TYPE,
    build_letter_arguments,
    build_letter_id,
    build_letter_memo,
)
from tests.support.waiting import until
from tests.temporal.letters.support import Desk


@pytest.fixture
def desk(client: Client, task_queue: str) -> Desk:
    return Desk(client, task_queue)


async def test_a_letter_is_listed_and_read_before_any_worker_has_seen_it(desk: Desk) -> None:
    letter_id = await desk.write()
    await until(lambda: _is_listed(desk, letter_id), "the letter is listed")
    letter = await desk.store.read_letter(letter_id)
    assert (letter.summary.status, letter.summary.failures) == (LetterStatus.OPEN, 1)
    assert letter.record["input"] == {"args": [{"amount": 0}]}


async def test_a_redrive_that_succeeds_resolves_the_letter(desk: Desk) -> None:
    """D10."""
    letter_id = await desk.write()
    async with desk.worker():
        outcome = await desk.outcome(letter_id, await desk.redrive(letter_id))
        assert (outcome.result, outcome.by, outcome.reason) == (Result.DONE, "ann", "because")
        described = await desk.handle(letter_id).describe()
        assert described.status is WorkflowExecutionStatus.COMPLETED
        assert desk.calls == [f"{letter_id}:redrive:1"]
    assert await desk.letters() == []
    await until(lambda: _is_listed(desk, letter_id, LetterStatus.RESOLVED), "it is listed as resolved")


async def test_it_is_poison_after_so_many_redrives_and_its_id_is_free_then(desk: Desk) -> None:
    """D12: the next redrive is refused, unless a person wants it all the same."""
    letter_id = await desk.write("poor")
    desk.service = "down"
    async with desk.worker():
        for number in (1, 2, 3):
            outcome = await desk.outcome(letter_id, await desk.redrive(letter_id))
            assert (outcome.result, outcome.message) == (Result.FAILED, "Declined: no money")
            moved = (await desk.store.read_letter(letter_id)).summary
            assert (moved.failures, moved.redrives) == (number + 1, number)
        await desk.handle(letter_id).result()
        assert (moved.status, moved.id != letter_id) == (LetterStatus.POISON, True)
        await until(lambda: _is_listed(desk, moved.id, LetterStatus.POISON), "the poison is listed")
        assert [each.id for each in await desk.letters()] == [moved.id], "and not twice"

        refused = await desk.outcome(moved.id, await desk.redrive(moved.id))
        assert refused.result is Result.REFUSED
        assert "poison" in refused.message

        with pytest.raises(LetterProblem, match="the letter is poison, and is kept as stepfile-letter"):
            await desk.give(letter_id, Command.PURGE)

        assert await desk.write("poor") == letter_id, "the next failure makes a new letter"
        assert (await desk.wait_for(letter_id, LetterStatus.OPEN)).failures == 1

        desk.service = "up"
        done = await desk.outcome(moved.id, await desk.redrive(moved.id, despite_poison=True))
        assert done.result is Result.DONE
        assert (await desk.store.read_letter(letter_id)).summary.status is LetterStatus.OPEN


async def test_one_is_read_while_it_moves(desk: Desk) -> None:
    """The letter says where it goes on; the server starts that a moment later."""
    record = desk.record("moving")
    letter_id = build_letter_id(desk.queue, record["key"])
    memo = build_letter_memo(letter_id, record)
    there = build_letter_id(desk.queue, "there/charge")
    await desk.client.start_workflow(
        LETTER_TYPE,
        args=build_letter_arguments(record),
        id=letter_id,
        task_queue=desk.queue,
        memo={name: {**summary, "moved_to": there} for name, summary in memo.items()},
    )
    reading = asyncio.create_task(desk.store.read_letter(letter_id))
    done, _ = await asyncio.wait([reading], timeout=0.5)
    assert not done
    assert await desk.write("there") == there
    assert (await reading).summary.id == there


async def test_one_redrive_at_a_time_and_nothing_else_meanwhile(desk: Desk) -> None:
    letter_id = await desk.write()
    desk.service = "hang"
    async with desk.worker():
        first, second = await desk.redrive(letter_id), await desk.redrive(letter_id)
        refused = await desk.outcome(letter_id, second)
        assert refused.result is Result.REFUSED
        assert f"ann redrives the letter since {refused.at:%Y-%m-%d}" in refused.message
        summary = await desk.wait_for(letter_id, LetterStatus.REDRIVING)
        purge = await desk.outcome(letter_id, await desk.give(letter_id, Command.PURGE))
        assert purge.result is Result.REFUSED
        assert str(summary.redrive_id) in purge.message, "it says what to cancel"

        await desk.client.get_workflow_handle(str(summary.redrive_id)).cancel()
        stopped = await desk.outcome(letter_id, first)
        assert (stopped.result, stopped.message) == (
            Result.FAILED,
            "its run was stopped before it had ended",
        )
        summary = await desk.wait_for(letter_id, LetterStatus.OPEN)
        assert (summary.failures, summary.redrives) == (1, 0), "that says nothing of the effect"
        purged = await desk.outcome(letter_id, await desk.give(letter_id, Command.PURGE))
        assert purged.result is Result.DONE
    assert len(desk.calls) == 1


@pytest.mark.parametrize("command", [Command.RESOLVE, Command.PURGE, Command.REDRIVE])
async def test_an_order_is_kept_while_no_worker_runs(desk: Desk, command: Command) -> None:
    letter_id = await desk.write()
    order = (
        await desk.redrive(letter_id) if command is Command.REDRIVE else await desk.give(letter_id, command)
    )
    assert await desk.store.find_outcome(letter_id, order.id) is None
    assert [each.id for each in (await desk.store.read_letter(letter_id)).waiting] == [order.id]
    async with desk.worker():
        assert (await desk.outcome(letter_id, order)).result is Result.DONE


async def test_a_redrive_waits_for_a_worker_of_its_queue(desk: Desk) -> None:
    letter_id = await desk.write()
    elsewhere = Desk(desk.client, f"{desk.queue}-elsewhere")
    async with desk.worker():
        order = await desk.redrive(letter_id, desk.start(task_queue=elsewhere.queue))
        await desk.wait_for(letter_id, LetterStatus.REDRIVING)
        async with elsewhere.worker():
            assert (await desk.outcome(letter_id, order)).result is Result.DONE
    assert len(elsewhere.calls) == 1


async def test_the_source_fails_again_with_the_letter_open(desk: Desk) -> None:
    letter_id = await desk.write("source")
    record = desk.record("source", error={"type": "Late", "message": "too late"})
    async with desk.worker():
        await desk.fail_again(letter_id, record)
        await desk.fail_again(letter_id, record)
        summary = await desk.wait_for(letter_id, LetterStatus.OPEN, failures=2, error_type="Late")
        assert summary.run_id == record["run_id"]
        letter = await desk.store.read_letter(letter_id)
        assert (letter.record, len(letter.earlier)) == (record, 1)


async def test_the_source_fails_again_while_it_is_redriven(desk: Desk) -> None:
    """Even a redrive that succeeds does not resolve what has failed since it began."""
    letter_id = await desk.write("source")
    desk.service = "hang"
    async with desk.worker():
        order = await desk.redrive(letter_id)
        await until(lambda: bool(desk.calls), "the redrive runs")
        await desk.fail_again(letter_id, desk.record("source"))
        await desk.wait_for(letter_id, LetterStatus.REDRIVING, failures=2)
        desk.service = "up"
        outcome = await desk.outcome(letter_id, order)
        assert outcome.result is Result.FAILED
        assert "it has failed again meanwhile" in outcome.message
        assert (await desk.wait_for(letter_id, LetterStatus.OPEN)).redrives == 0


async def test_the_source_fails_again_after_the_letter_was_resolved(desk: Desk) -> None:
    letter_id = await desk.write("source")
    async with desk.worker():
        await desk.outcome(letter_id, await desk.give(letter_id, Command.RESOLVE))
        assert await desk.write("source") == letter_id
        summary = await desk.wait_for(letter_id, LetterStatus.OPEN)
        assert (summary.failures, summary.outcomes) == (1, ())


async def test_a_letter_that_is_not_there(desk: Desk) -> None:
    with pytest.raises(LetterProblem, match="there is no letter"):
        await desk.store.read_letter(build_letter_id(desk.queue, "nothing"))


async def test_a_failure_that_comes_together_with_the_end_makes_a_new_letter(desk: Desk) -> None:
    """No worker runs while both arrive, so the workflow is told of both before it can close."""
    letter_id = await desk.write("source")
    order = await desk.give(letter_id, Command.PURGE)
    record = desk.record("source")
    await desk.fail_again(letter_id, record)
    async with desk.worker():
        assert (await desk.outcome(letter_id, order)).result is Result.DONE
        summary = await desk.wait_for(letter_id, LetterStatus.OPEN, failures=1)
        assert summary.run_id == record["run_id"]


@pytest.mark.parametrize("what", ["its run ends", "it fails again"])
async def test_a_plan_that_is_out_of_date_is_refused(desk: Desk, what: str) -> None:
    letter_id = await desk.write("source")
    planned = (await desk.store.read_letter(letter_id)).summary.revision
    if what == "its run ends":
        await desk.end_run(letter_id, RunEnd("run-1", "failed", {"book": 1}, {"amount": 1}).to_json())
    else:
        await desk.fail_again(letter_id, desk.record("source"))
    order = await desk.redrive(letter_id, revision=planned)
    async with desk.worker():
        refused = await desk.outcome(letter_id, order)
        assert refused.result is Result.REFUSED
        assert "the letter has changed since the redrive was planned" in refused.message
        assert (await desk.outcome(letter_id, await desk.redrive(letter_id))).result is Result.DONE
    assert len(desk.calls) == 1


async def test_a_whole_run_is_redriven_under_the_id_of_the_source(desk: Desk) -> None:
    """It is not started if a run with that id has completed since."""
    letter_id = await desk.write("whole")
    source = f"{desk.queue}-source"
    whole = desk.start(RedriveMode.RUN, source)
    async with desk.worker():
        assert (await desk.outcome(letter_id, await desk.redrive(letter_id, whole))).result is Result.DONE
        assert desk.calls == [source]
        again = await desk.write("again")
        refused = await desk.outcome(again, await desk.redrive(again, whole))
        assert refused.result is Result.REFUSED
        assert f"a run with the id {source} is running, or has completed" in refused.message
        assert (await desk.wait_for(again, LetterStatus.OPEN)).redrives == 0
    assert desk.calls == [source]


async def test_a_redrive_goes_on_when_its_letter_is_terminated(desk: Desk) -> None:
    """The letter is gone, and says so; the next failure makes a new one."""
    letter_id = await desk.write("source")
    desk.service = "hang"
    async with desk.worker():
        order = await desk.redrive(letter_id)
        await until(lambda: bool(desk.calls), "the redrive runs")
        await desk.handle(letter_id).terminate()
        with pytest.raises(LetterProblem, match="was stopped by Temporal's own means"):
            await desk.store.find_outcome(letter_id, order.id)
        desk.service = "up"
        assert await desk.client.get_workflow_handle(f"{letter_id}:redrive:1").result() == "charged"
        await desk.write("source")
        await desk.wait_for(letter_id, LetterStatus.OPEN)


async def test_a_letter_that_is_reset_obeys_again(desk: Desk) -> None:
    """The redrive that it had begun still runs, so its id is taken, and that is said."""
    letter_id = await desk.write()
    desk.service = "hang"
    async with desk.worker():
        order = await desk.redrive(letter_id)
        await until(lambda: bool(desk.calls), "the redrive runs")
        await desk.client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=desk.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=letter_id),
                workflow_task_finish_event_id=4,
                request_id=order.id,
            )
        )
        refused = await desk.outcome(letter_id, order)
        assert refused.result is Result.REFUSED
        assert "an earlier redrive of it still runs" in refused.message
        desk.service = "up"
        await desk.client.get_workflow_handle(f"{letter_id}:redrive:1").result()


async def test_it_continues_as_new_and_keeps_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entity, "MOST_EVENTS", 20)
    letter_id = await desk.write("source")
    first = (await desk.handle(letter_id).describe()).run_id
    desk.service = "down"
    async with desk.worker(max_cached_workflows=0):
        order = await desk.redrive(letter_id)
        await desk.outcome(letter_id, order)
        for number in range(2, 6):
            await desk.fail_again(letter_id, desk.record("source"))
            await desk.wait_for(letter_id, LetterStatus.OPEN, failures=number + 1)

        async def is_another_run() -> bool:
            return (await desk.handle(letter_id).describe()).run_id != first

        await until(is_another_run, "it has continued as new")
        summary = (await desk.store.read_letter(letter_id)).summary
        assert (summary.failures, summary.redrives) == (6, 1)
        assert summary.find_outcome(order.id) is not None
        desk.service = "up"
        done = await desk.outcome(letter_id, await desk.redrive(letter_id))
        assert done.result is Result.DONE
        assert desk.calls[-1] == f"{letter_id}:redrive:2"


def test_an_id_is_the_same_for_the_same_effect_and_never_too_long() -> None:
    assert build_letter_id("orders", "order-1/charge") == "stepfile-letter:orders:order-1/charge"
    long = [build_letter_id("orders", "ü" * 2000 + end) for end in "abb"]
    assert len(set(long)) == 2
    assert all(len(each.encode()) <= 950 for each in long)


async def _is_listed(desk: Desk, letter_id: str, *states: LetterStatus) -> bool:
    wanted = {"states": states} if states else {}
    return letter_id in [each.id for each in await desk.letters(**wanted)]
