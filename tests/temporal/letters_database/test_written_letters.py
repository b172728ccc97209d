"""A failure is kept once, as often as it is written, and each state of a letter has its rule."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from interpreter.letters.letter import LetterState
from interpreter.letters.orders import Command, Order
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from interpreter.letters.transitions import RedriveEnd, RedriveResult, end_redrive, take_order
from interpreter.temporal.letters_database.kept import KeptLetter, Wanted
from stepfile.sql import LettersDatabase
from tests.temporal.letters_database.records import build_order, record_of

NOW = datetime(2026, 1, 3, tzinfo=UTC)
FAILED = RedriveEnd(RedriveResult.FAILED, "CardDeclined", "still no")


async def list_all(
    database: LettersDatabase, namespace: str = "default", **equal: str
) -> list[LetterSummary]:
    wanted = Wanted(namespace=namespace, statuses=tuple(LetterStatus), equal=equal)
    return [each async for each in database.list_letters(wanted)]


async def change(
    database: LettersDatabase, letter_id: str, step: Callable[[LetterState], LetterState]
) -> LetterState:
    async def decide(kept: KeptLetter) -> KeptLetter:
        return KeptLetter(step(kept.state), kept.redrive_run, kept.is_current)

    changed = await database.change_letter("default", letter_id, decide)
    assert changed is not None
    return changed.state


def order(command: Command, **more: bool) -> Callable[[LetterState], LetterState]:
    return lambda state: take_order(state, build_order(command, state.revision, **more), NOW)


async def test_a_failure_that_is_written_twice_counts_once(database: LettersDatabase) -> None:
    assert await database.write_failure("default", record_of()) is not None
    assert await database.write_failure("default", record_of()) is None
    (letter,) = await list_all(database)
    assert (letter.status, letter.failures) == (LetterStatus.OPEN, 1)


@pytest.mark.parametrize("writers", [2, 12])
async def test_writers_at_the_same_moment_write_once(url: str, writers: int) -> None:
    databases = [LettersDatabase(url) for _ in range(writers)]
    written = await asyncio.gather(*(each.write_failure("default", record_of()) for each in databases))
    assert len([each for each in written if each is not None]) == 1
    assert [letter.failures for letter in await list_all(databases[0])] == [1]
    for each in databases:
        each.close()


async def test_failures_at_the_same_moment_are_all_counted(url: str) -> None:
    databases = [LettersDatabase(url) for _ in range(8)]
    await asyncio.gather(
        *(each.write_failure("default", record_of(failure=n)) for n, each in enumerate(databases))
    )
    assert [letter.failures for letter in await list_all(databases[0])] == [8]
    for each in databases:
        each.close()


async def test_an_open_letter_counts_the_next_failure(database: LettersDatabase) -> None:
    first = await database.write_failure("default", record_of())
    assert await database.write_failure("default", record_of(failure=2)) == first
    (letter,) = await list_all(database)
    assert (letter.id, letter.failures, letter.run_id) == (first, 2, "run-2")


async def test_a_failure_during_a_redrive_leaves_the_letter_open(database: LettersDatabase) -> None:
    letter_id = await database.write_failure("default", record_of())
    assert letter_id is not None
    await change(database, letter_id, order(Command.REDRIVE))
    assert await database.write_failure("default", record_of(failure=2)) == letter_id
    state = await change(
        database, letter_id, lambda state: end_redrive(state, RedriveEnd(RedriveResult.COMPLETED), NOW)
    )
    assert (state.status, state.failures) == (LetterStatus.OPEN, 2)


@pytest.mark.parametrize("command", [Command.RESOLVE, Command.PURGE])
async def test_after_the_end_of_a_letter_a_failure_makes_a_new_one(
    database: LettersDatabase, command: Command
) -> None:
    first = await database.write_failure("default", record_of())
    assert first is not None
    ended = await change(database, first, order(command))
    assert ended.status.has_ended
    second = await database.write_failure("default", record_of(failure=2))
    assert second not in (None, first)
    assert sorted(each.failures for each in await list_all(database)) == [1, 1]


async def test_a_failure_that_is_written_again_after_the_end_of_its_letter_makes_no_new_one(
    database: LettersDatabase,
) -> None:
    first = await database.write_failure("default", record_of())
    assert first is not None
    await change(database, first, order(Command.RESOLVE))
    assert await database.write_failure("default", record_of()) is None
    assert [each.id for each in await list_all(database)] == [first]


async def test_a_letter_that_is_poison_stays_beside_the_next_one(database: LettersDatabase) -> None:
    first = await database.write_failure("default", record_of(max_redrives=2))
    assert first is not None
    for _ in range(2):
        await change(database, first, order(Command.REDRIVE))
        state = await change(database, first, lambda state: end_redrive(state, FAILED, NOW))
    assert state.status is LetterStatus.POISON
    second = await database.write_failure("default", record_of(failure=2))
    assert second not in (None, first)
    again = await change(database, first, order(Command.REDRIVE, despite_poison=True))
    assert again.status is LetterStatus.REDRIVING
    assert await database.write_failure("default", record_of(failure=3)) == second


async def test_a_run_that_has_done_what_had_failed_resolves_each_letter_of_it(
    database: LettersDatabase,
) -> None:
    """Also the one that is poison; one that is redriven ends with its redrive, and those of others stay."""
    poison = await database.write_failure("default", record_of(max_redrives=1))
    redriven = await database.write_failure("default", record_of(2))
    other = await database.write_failure("default", record_of(3))
    assert poison is not None
    assert redriven is not None
    assert other is not None
    await change(database, poison, order(Command.REDRIVE))
    await change(database, poison, lambda state: end_redrive(state, FAILED, NOW))
    again = await database.write_failure("default", record_of(failure=2))
    await change(database, redriven, order(Command.REDRIVE))
    fact = Order("fact", Command.RESOLVE, "the run order-1", "it was done", is_fact=True)
    await database.take_order("default", "orders", [f"order-{n}/charge" for n in (1, 2)], fact)
    found = {letter.id: letter.status for letter in await list_all(database)}
    assert (found[poison], found[again or ""]) == (LetterStatus.RESOLVED, LetterStatus.RESOLVED)
    assert (found[redriven], found[other]) == (LetterStatus.REDRIVING, LetterStatus.OPEN)
    await change(database, redriven, lambda state: end_redrive(state, FAILED, NOW))
    assert {letter.status for letter in await list_all(database, workflow_id="order-2")} == {
        LetterStatus.RESOLVED
    }
    assert await database.write_failure("default", record_of(2, failure=9)) not in (None, redriven)


async def test_namespaces_and_queues_are_kept_apart(database: LettersDatabase) -> None:
    await database.write_failure("one", record_of())
    await database.write_failure("two", record_of())
    await database.write_failure("two", record_of(queue="others"))
    assert [each.failures for each in await list_all(database, "one")] == [1]
    assert [each.queue for each in await list_all(database, "two", queue="others")] == ["others"]


@pytest.mark.parametrize(
    "key",
    ["a\0b", "a\ud800b", "ключ", "k" * 5000, "a'b\"c;--", "%s"],
    ids=["nul", "half", "cyrillic", "long", "sql", "%"],
)
async def test_any_key_is_kept(database: LettersDatabase, key: str) -> None:
    record = {**record_of(), "key": key, "error": {"type": key, "message": key}, "input": {key: key}}
    letter_id = await database.write_failure("default", record)
    assert letter_id is not None
    kept = await database.read_letter("default", letter_id)
    assert kept is not None
    assert kept.state.record == record
    assert [each.key for each in await list_all(database)] == [key]


async def test_letters_are_listed_by_what_is_asked_for(database: LettersDatabase) -> None:
    early, late = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    await database.write_failure("default", record_of(1, failed_at=early))
    await database.write_failure("default", record_of(2, failed_at=late, step="ship"))
    await database.write_failure(
        "default", record_of(3, failed_at="2026-01-05T00:00:00Z", error={"type": "Other", "message": ""})
    )

    async def numbers(since: datetime | None = None, **equal: str) -> list[str]:
        wanted = Wanted(namespace="default", statuses=(LetterStatus.OPEN,), equal=equal, since=since)
        return sorted([each.workflow_id async for each in database.list_letters(wanted)])

    assert await numbers() == ["order-1", "order-2", "order-3"]
    assert await numbers(step="ship") == ["order-2"]
    assert await numbers(error_type="Other") == ["order-3"]
    assert await numbers(definition="another") == []
    assert await numbers(since=datetime(2026, 2, 1, tzinfo=UTC)) == ["order-2"]
    assert await numbers(since=datetime(2026, 1, 2, tzinfo=UTC)) == ["order-2", "order-3"]


async def test_more_letters_than_one_page_are_listed(
    database: LettersDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interpreter.temporal.letters_database.rows.PAGE", 4)
    monkeypatch.setattr("interpreter.temporal.letters_database.database.PAGE", 4)
    await asyncio.gather(*(database.write_failure("default", record_of(n)) for n in range(8)))
    assert len({each.id for each in await list_all(database)}) == 8


async def test_what_raises_changes_nothing(database: LettersDatabase) -> None:
    letter_id = await database.write_failure("default", record_of())
    assert letter_id is not None

    async def fail(kept: KeptLetter) -> KeptLetter:
        raise ValueError("no")

    with pytest.raises(ValueError, match=r"^no$"):
        await database.change_letter("default", letter_id, fail)
    assert (await list_all(database))[0].revision == 1


async def test_two_changes_of_one_letter_follow_each_other(url: str) -> None:
    one, other = LettersDatabase(url), LettersDatabase(url)
    letter_id = await one.write_failure("default", record_of())
    assert letter_id is not None
    assert len(await list_all(other)) == 1, "both are connected"
    order_of_events: list[str] = []

    async def slowly(kept: KeptLetter) -> KeptLetter:
        order_of_events.append("begin")
        await asyncio.sleep(0.2)
        order_of_events.append("end")
        return KeptLetter(order(Command.REDRIVE)(kept.state))

    await asyncio.gather(
        one.change_letter("default", letter_id, slowly), other.change_letter("default", letter_id, slowly)
    )
    assert order_of_events == ["begin", "end", "begin", "end"]
    (letter,) = await list_all(one)
    assert sorted(each.result.value for each in letter.outcomes) == ["accepted", "refused"]
    one.close()
    other.close()
