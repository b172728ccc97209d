"""Orders to letters in a database: whoever is killed, a redrive is made once, and its end is noted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowExecutionStatus

from interpreter.letters.orders import Command, Order, RedriveMode, Result
from interpreter.letters.status import LetterStatus
from interpreter.letters.transitions import take_order
from interpreter.temporal.client.letters.in_database import DatabaseLetters
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.client.letters.redrive_runs import start_redrive_run
from interpreter.temporal.dev_server.server import run_dev_server
from interpreter.temporal.letters_database.kept import KeptLetter
from stepfile.sql import LettersDatabase
from tests.support.waiting import until
from tests.temporal.letters.support import Desk


@dataclass
class DatabaseDesk(Desk):
    """A desk whose letters are in a database."""

    database: LettersDatabase = field(kw_only=True)

    @property
    def store(self) -> DatabaseLetters:  # type: ignore[override]
        """The letters in the database, as another command would see them."""
        return DatabaseLetters(self.client, self.database)

    async def write(self, key: str | None = None, **more: object) -> str:
        """Write the letter of a failure as a worker does; its id."""
        record = self.record(key or f"order-{uuid4().hex[:8]}", **more)
        letter_id = await self.database.write_failure("default", record)
        assert letter_id is not None
        return letter_id

    async def claim(self, letter_id: str, **start: object) -> Order:
        """Write the order of a redrive down, as a command does that is killed before it starts the run."""
        made: list[Order] = []

        async def take(kept: KeptLetter) -> KeptLetter:
            begin = self.start(**start)  # type: ignore[arg-type]
            order = Order(uuid4().hex, Command.REDRIVE, "ann", "because", begin, kept.state.revision)
            made.append(order)
            return replace(kept, state=take_order(kept.state, order, datetime.now(UTC)))

        await self.database.change_letter("default", letter_id, take)
        return made[0]

    async def kept(self, letter_id: str) -> KeptLetter:
        """The letter as its row has it, without looking at its redrive."""
        kept = await self.database.read_letter("default", letter_id)
        assert kept is not None
        return kept


@pytest.fixture
def desk(client: Client, task_queue: str, database: LettersDatabase) -> DatabaseDesk:
    return DatabaseDesk(client, task_queue, database=database)


async def test_a_redrive_resolves_its_letter(desk: DatabaseDesk) -> None:
    letter_id = await desk.write()
    async with desk.worker():
        order = await desk.redrive(letter_id)
        outcome = await desk.outcome(letter_id, order)
    assert (outcome.result, outcome.by, outcome.reason) == (Result.DONE, "ann", "because")
    assert desk.calls == [f"{letter_id}:redrive:1"]
    assert [each.status for each in await desk.letters(states=(LetterStatus.RESOLVED,))] == [
        LetterStatus.RESOLVED
    ]
    assert await desk.letters() == []


async def test_a_redrive_in_vain_counts_and_the_last_one_makes_poison(desk: DatabaseDesk) -> None:
    desk.service = "down"
    letter_id = await desk.write(max_redrives=2)
    async with desk.worker():
        first = await desk.outcome(letter_id, await desk.redrive(letter_id))
        (letter,) = await desk.letters()
        assert (letter.status, letter.failures, letter.redrives) == (LetterStatus.OPEN, 2, 1)
        await desk.outcome(letter_id, await desk.redrive(letter_id))
        third = await desk.outcome(letter_id, await desk.redrive(letter_id))
    assert (first.result, first.message) == (Result.FAILED, "Declined: no money")
    assert (third.result, third.message.partition(":")[0]) == (Result.REFUSED, "the letter is poison")
    assert desk.calls == [f"{letter_id}:redrive:1", f"{letter_id}:redrive:2"]


async def test_of_two_redrives_at_once_one_is_made(desk: DatabaseDesk, url: str) -> None:
    desk.service = "hang"
    letter_id = await desk.write()
    others = [DatabaseDesk(desk.client, desk.queue, database=LettersDatabase(url)) for _ in range(4)]
    async with desk.worker():
        orders = await asyncio.gather(*(each.redrive(letter_id) for each in others))
        desk.service = "up"
        outcomes = await asyncio.gather(
            *(each.outcome(letter_id, order) for each, order in zip(others, orders, strict=True))
        )
    assert sorted(each.result.value for each in outcomes) == ["done", "refused", "refused", "refused"]
    assert len(desk.calls) == 1
    for each in others:
        each.database.close()


async def test_while_it_is_redriven_a_letter_takes_no_other_order(desk: DatabaseDesk) -> None:
    desk.service = "hang"
    letter_id = await desk.write()
    async with desk.worker():
        order = await desk.redrive(letter_id)
        for command in (Command.RESOLVE, Command.PURGE):
            refused = await desk.outcome(letter_id, await desk.give(letter_id, command))
            assert (refused.result, "ann redrives the letter since" in refused.message) == (
                Result.REFUSED,
                True,
            )
        desk.service = "up"
        assert (await desk.outcome(letter_id, order)).result is Result.DONE
    with pytest.raises(LetterProblem, match="is resolved already"):
        await desk.give(letter_id, Command.PURGE)


async def test_a_command_that_was_killed_before_it_could_start_the_run(desk: DatabaseDesk) -> None:
    letter_id = await desk.write()
    order = await desk.claim(letter_id)
    assert (await desk.kept(letter_id)).redrive_run is None
    async with desk.worker():
        assert [each.status for each in await desk.letters()] == [LetterStatus.REDRIVING]
        assert (await desk.outcome(letter_id, order)).result is Result.DONE
    assert desk.calls == [f"{letter_id}:redrive:1"]


async def test_many_carry_on_what_it_has_left_and_start_one_run(desk: DatabaseDesk, url: str) -> None:
    letter_id = await desk.write()
    await desk.claim(letter_id)
    others = [LettersDatabase(url) for _ in range(4)]
    await asyncio.gather(*(DatabaseLetters(desk.client, each).read_letter(letter_id) for each in others))
    async with desk.worker():
        await desk.wait_for(letter_id, LetterStatus.RESOLVED)
    assert len(desk.calls) == 1
    for each in others:
        each.close()


async def test_a_command_that_was_killed_after_it_had_started_the_run(desk: DatabaseDesk) -> None:
    letter_id = await desk.write()
    order = await desk.claim(letter_id)
    redrive = (await desk.kept(letter_id)).state.redrive
    assert redrive is not None
    async with desk.worker():
        run_id = await start_redrive_run(desk.client, redrive, "run-0")
        await desk.client.get_workflow_handle(redrive.workflow_id).result()
        assert (await desk.outcome(letter_id, order)).result is Result.DONE
    assert (await desk.kept(letter_id)).redrive_run is None, "nothing is under way any more"
    assert len(desk.calls) == 1
    described = await desk.client.get_workflow_handle(redrive.workflow_id).describe()
    assert described.run_id == run_id


async def test_a_whole_run_that_was_started_and_not_noted_is_not_started_again(desk: DatabaseDesk) -> None:
    """It has failed meanwhile, so its id would be free."""
    desk.service = "down"
    letter_id = await desk.write(desk.queue)
    order = await desk.claim(letter_id, mode=RedriveMode.RUN, workflow_id=desk.queue)
    redrive = (await desk.kept(letter_id)).state.redrive
    assert redrive is not None
    async with desk.worker():
        await start_redrive_run(desk.client, redrive, "run-0")
        await until(lambda: len(desk.calls) == 1, "the run is under way")
        outcome = await desk.outcome(letter_id, order)
    assert (outcome.result, outcome.message) == (Result.FAILED, "Declined: no money")
    assert desk.calls == [desk.queue]


async def test_a_whole_run_is_refused_while_another_run_has_its_id(desk: DatabaseDesk) -> None:
    desk.service = "hang"
    letter_id = await desk.write(desk.queue)
    start = desk.start()
    async with desk.worker():
        await desk.client.start_workflow(
            start.workflow_type, args=list(start.arguments), id=desk.queue, task_queue=desk.queue
        )
        order = await desk.redrive(letter_id, desk.start(RedriveMode.RUN, desk.queue))
        outcome = await desk.outcome(letter_id, order)
        assert (outcome.result, "is running, or has completed" in outcome.message) == (Result.REFUSED, True)
        desk.service = "up"
        await desk.client.get_workflow_handle(desk.queue).result()
        outcome = await desk.outcome(
            letter_id, await desk.redrive(letter_id, desk.start(RedriveMode.RUN, desk.queue))
        )
        assert outcome.result is Result.REFUSED, "it has completed"
    assert [each.status for each in await desk.letters()] == [LetterStatus.OPEN]
    assert len(desk.calls) == 1


async def test_a_run_that_another_has_begun_since_the_order_is_not_taken_for_the_redrive(
    desk: DatabaseDesk,
) -> None:
    desk.service = "down"
    letter_id = await desk.write(desk.queue)
    order = await desk.claim(letter_id, mode=RedriveMode.RUN, workflow_id=desk.queue)
    start = desk.start()
    async with desk.worker():
        other = await desk.client.start_workflow(
            start.workflow_type, args=list(start.arguments), id=desk.queue, task_queue=desk.queue
        )
        await until(lambda: len(desk.calls) == 1, "the other run is under way")
        await until_ended(desk.client, other.id)
        outcome = await desk.outcome(letter_id, order)
    assert (outcome.result, "has begun since the order was given" in outcome.message) == (
        Result.REFUSED,
        True,
    )
    assert len(desk.calls) == 1


async def test_the_run_of_a_redrive_whose_retention_has_ended(desk: DatabaseDesk) -> None:
    letter_id = await desk.write()
    order = await desk.claim(letter_id)

    async def forget(kept: KeptLetter) -> KeptLetter:
        return replace(kept, redrive_run=str(uuid4()))

    await desk.database.change_letter("default", letter_id, forget)
    outcome = await desk.outcome(letter_id, order)
    assert (outcome.result, "it is not known how it has ended" in outcome.message) == (Result.FAILED, True)
    (letter,) = await desk.letters()
    assert (letter.status, letter.redrives) == (LetterStatus.OPEN, 0)


async def until_ended(client: Client, workflow_id: str) -> None:
    """Wait until a run has ended, however."""

    async def has_ended() -> bool:
        described = await client.get_workflow_handle(workflow_id).describe()
        return described.status is not WorkflowExecutionStatus.RUNNING

    await until(has_ended, "the run has ended")


@pytest.mark.slow
async def test_temporal_is_down_when_a_redrive_is_ordered(desk: DatabaseDesk) -> None:
    """The order is kept, and whoever looks next carries it out."""
    letter_id = await desk.write()
    letter = await desk.store.read_letter(letter_id)
    async with run_dev_server() as other:
        gone = await other.connect()
    order = Order(uuid4().hex, Command.REDRIVE, "ann", "because", desk.start(), letter.summary.revision)
    with pytest.raises(LetterProblem):
        await DatabaseLetters(gone, desk.database).give_order(letter_id, order)
    async with desk.worker():
        assert (await desk.outcome(letter_id, order)).result is Result.DONE


async def test_a_redrive_that_was_stopped_says_nothing_of_the_effect(desk: DatabaseDesk) -> None:
    desk.service = "hang"
    letter_id = await desk.write()
    async with desk.worker():
        order = await desk.redrive(letter_id)
        await desk.client.get_workflow_handle(f"{letter_id}:redrive:1").terminate("enough")
        outcome = await desk.outcome(letter_id, order)
    assert (outcome.result, outcome.message) == (Result.FAILED, "its run was stopped before it had ended")
    (letter,) = await desk.letters()
    assert (letter.status, letter.failures, letter.redrives) == (LetterStatus.OPEN, 1, 0)


async def test_a_failure_elsewhere_meanwhile_leaves_the_letter_open(desk: DatabaseDesk) -> None:
    desk.service = "hang"
    letter_id = await desk.write("order-x")
    async with desk.worker():
        order = await desk.redrive(letter_id)
        assert await desk.write("order-x") == letter_id
        desk.service = "up"
        outcome = await desk.outcome(letter_id, order)
    assert (outcome.result, "failed again meanwhile" in outcome.message) == (Result.FAILED, True)
    assert [each.status for each in await desk.letters()] == [LetterStatus.OPEN]


async def test_a_start_that_temporal_will_never_take_leaves_the_letter_open(desk: DatabaseDesk) -> None:
    letter_id = await desk.write()
    order = await desk.redrive(letter_id, desk.start(task_queue="q" * 2000))
    outcome = await desk.outcome(letter_id, order)
    assert (outcome.result, outcome.message.partition(":")[0]) == (Result.REFUSED, "Temporal refused")
    assert [each.status for each in await desk.letters()] == [LetterStatus.OPEN]
