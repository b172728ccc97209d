"""Definitions whose letters go to a database: each failure is kept once, before anything is undone, whatever dies."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from interpreter.letters.status import LetterStatus
from interpreter.temporal.client.history.reader import HistoryReader
from interpreter.temporal.client.letters.store import KEPT
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.letters_database.engine import create_engine
from interpreter.temporal.repair.resume import plan_resume
from stepfile import LetterFilter, LetterHandle, create_worker, list_letters, prepare, read_text, start
from stepfile.activity import idempotency_key
from stepfile.sql import LettersDatabase
from tests.support.postgresql import PostgreSql
from tests.support.waiting import until
from tests.temporal.letters_database.records import record_of

SINK = """
dead_letter_queues:
  sunk: {activity: stepfile.write_letter_to_database}
"""

HEAD = f"""
dsl: "1"
name: sink
{SINK}
defaults: {{timeouts: {{start_to_close: 10s}}, retry: {{maximum_attempts: 1}}}}
"""

ITEMS = f"""{HEAD}
input: {{type: object, properties: {{count: {{type: integer}}}}}}
steps:
  - id: all
    for_each: range(input.count)
    key: string(item)
    concurrency: 20
    collect: none
    dead_letter: sunk
    steps:
      - {{id: charge, activity: charge, args: ["${{ item }}"]}}
"""

SAGA = f"""{HEAD}
steps:
  - {{id: reserve, activity: reserve, compensate: {{activity: release}}}}
  - {{id: charge, activity: charge, args: [0], dead_letter: sunk}}
"""


@dataclass
class Shop:
    """The service behind the activities, and the workers that have them."""

    client: Client
    queue: str
    database: LettersDatabase
    broken: bool = True
    ledger: list[str] = field(default_factory=list[str])
    """What was done, in order: the activity and the idempotency key."""

    def worker(self, **options: Any) -> Worker:
        """A worker with the activities, and with the database."""

        @activity.defn
        async def charge(number: int, card: str = "") -> None:
            if self.broken and number % 10 == 0:
                raise ApplicationError("no money", type="Declined", non_retryable=True)
            self.ledger.append(f"charge {idempotency_key()}")

        @activity.defn
        async def reserve() -> None:
            self.ledger.append(f"reserve {idempotency_key()}")

        @activity.defn
        async def release() -> None:
            self.ledger.append(f"release {idempotency_key()}")

        given = {"letters_database": self.database, **options}
        return create_worker(self.client, [charge, reserve, release], task_queue=self.queue, **given)

    async def start(self, definition: str, data: Any = None) -> WorkflowHandle[Any, Any]:
        """Start a run under the name of the task queue."""
        submission = prepare(read_text(definition), data)
        return await start(self.client, submission, workflow_id=self.queue, task_queue=self.queue)

    async def letters(self, *states: LetterStatus) -> list[Any]:
        """The letters of this run."""
        wanted = LetterFilter(queue="sunk", states=states or KEPT)
        found = await list_letters(self.client, wanted, letters_database=self.database)
        return [letter for letter in found if letter.workflow_id == self.queue]

    async def redrive(self, letter_id: str) -> None:
        """Redrive a letter, and wait until that has succeeded."""
        await LetterHandle(self.client, letter_id, self.database).redrive("it was mended")


@pytest.fixture
def shop(client: Client, task_queue: str, database: LettersDatabase) -> Shop:
    return Shop(client, task_queue, database)


@pytest.mark.slow
async def test_of_200_items_those_that_fail_are_kept_once_and_redriven(shop: Shop) -> None:
    async with shop.worker():
        await (await shop.start(ITEMS, {"count": 200})).result()
        letters = await shop.letters()
        assert sorted(letter.key for letter in letters) == sorted(
            f"{shop.queue}/all[{n}]" for n in range(0, 200, 10)
        )
        assert {letter.failures for letter in letters} == {1}
        shop.broken = False
        await asyncio.gather(*(shop.redrive(letter.id) for letter in letters))
        assert await shop.letters() == []
        assert len(await shop.letters(LetterStatus.RESOLVED)) == 20
    assert Counter(shop.ledger) == {f"charge {shop.queue}/all[{n}]/charge": 1 for n in range(200)}


async def test_a_step_can_not_call_it(shop: Shop) -> None:
    wrong = f"{HEAD}\nsteps: [{{activity: stepfile.write_letter_to_database, args: [{{a: 1}}]}}]"
    async with shop.worker():
        with pytest.raises(WorkflowFailureError) as failed:
            await (await shop.start(wrong.replace(SINK, ""))).result()
    assert "name it in dead_letter_queues, not in a step" in str(failed.value.cause)


async def test_a_letter_holds_no_secret(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPFILE_SECRET_CARD", "4242-4242")
    definition = SAGA.replace("args: [0]", 'args: [0, "${ secrets.CARD }"]')
    async with shop.worker():
        with pytest.raises(WorkflowFailureError):
            await (await shop.start(definition)).result()
    (letter,) = await shop.letters()
    kept = await shop.database.read_letter("default", letter.id)
    assert kept is not None
    assert "4242-4242" not in str(kept.state.record)
    assert kept.state.record["input"] == [0, "${ secrets.CARD }"]


async def test_what_was_undone_since_is_run_again_as_a_whole(shop: Shop) -> None:
    async with shop.worker():
        with pytest.raises(WorkflowFailureError):
            await (await shop.start(SAGA)).result()
        (letter,) = await shop.letters()
        assert letter.undone
        shop.broken = False
        await shop.redrive(letter.id)
    assert await shop.letters() == []
    key = f"{shop.queue}/"
    assert shop.ledger == [
        *(f"reserve {key}reserve", f"release {key}reserve"),
        *(f"reserve {key}reserve#2", f"charge {key}charge"),
    ]


async def test_a_resumed_run_resolves_the_letter_of_what_it_has_done(shop: Shop) -> None:
    async with shop.worker(max_cached_workflows=0):
        with pytest.raises(WorkflowFailureError):
            await (await shop.start(SAGA)).result()
        shop.broken = False
        resumption = await plan_resume(shop.client, shop.queue)
        resumed = await resumption.start(reason="the bank is back")
        await resumed.result()
    reader = HistoryReader(shop.client, shop.queue, resumed.result_run_id or "")
    told = [entry.text async for entry in reader.read()]
    assert await shop.letters() == []
    (letter,) = await shop.letters(LetterStatus.RESOLVED)
    (outcome,) = letter.outcomes
    assert (outcome.by, outcome.reason.endswith(": the bank is back")) == (f"the run {shop.queue}", True)
    assert f'the dead letters {shop.queue}/charge in "sunk" are told that what had failed is done' in told


async def test_while_the_database_is_away_nothing_is_undone_and_nothing_is_lost(
    shop: Shop, url: str, request: pytest.FixtureRequest
) -> None:
    async with shop.worker():
        with _away(url, request):
            run = await shop.start(SAGA)
            await until(lambda: _is_retried(run), "the letter is tried again")
            assert len(shop.ledger) == 1, "nothing is undone"
        with pytest.raises(WorkflowFailureError):
            await run.result()
    (letter,) = await shop.letters()
    assert (letter.failures, letter.undone) == (1, True)
    assert [each.partition(" ")[0] for each in shop.ledger] == ["reserve", "release"]


async def test_a_worker_without_a_database_leaves_the_letter_to_another(shop: Shop) -> None:
    async with shop.worker(letters_database=None):
        run = await shop.start(SAGA)
        await until(lambda: _is_retried(run), "the letter is tried again")
        (pending,) = (await run.describe()).raw_description.pending_activities
        assert "this worker has no letters database" in pending.last_failure.message
        assert "[tool.stepfile] letters_database" in pending.last_failure.message
    async with shop.worker():
        with pytest.raises(WorkflowFailureError):
            await run.result()
    assert len(await shop.letters()) == 1


@pytest.mark.slow
async def test_a_worker_that_is_killed_while_it_writes(shop: Shop, server: DevServer, url: str) -> None:
    await shop.database.write_failure("default", record_of())  # makes the tables
    definition = SAGA.replace("database}", "database, timeouts: {start_to_close: 3s}}")
    with _locked(url):
        async with _other_worker(server, shop.queue, url) as killed:
            run = await shop.start(definition)
            await until(lambda: _is_writing(run), "the worker writes")
            killed.kill()
            await killed.wait()
    async with shop.worker():
        with pytest.raises(WorkflowFailureError):
            await run.result()
    (letter,) = await shop.letters()
    assert letter.failures == 1
    assert await _count_rows(url, "stepfile_letter_failures") == 2


async def _is_retried(run: WorkflowHandle[Any, Any]) -> bool:
    pending = (await run.describe()).raw_description.pending_activities
    return any(each.attempt >= 2 and each.HasField("last_failure") for each in pending)


async def _is_writing(run: WorkflowHandle[Any, Any]) -> bool:
    described = await run.describe()
    assert described.status is WorkflowExecutionStatus.RUNNING
    return any(
        each.activity_type.name == "stepfile.write_letter_to_database" and each.HasField("last_started_time")
        for each in described.raw_description.pending_activities
    )


@contextmanager
def _away(url: str, request: pytest.FixtureRequest) -> Iterator[None]:
    """Take the database away: stop its server, or put a folder in the place of its file."""
    if not url.startswith("sqlite"):
        server: PostgreSql = request.getfixturevalue("postgresql")
        with server.down():
            yield
        return
    file = Path(url.removeprefix("sqlite:///"))
    file.mkdir()
    yield
    file.rmdir()


@contextmanager
def _locked(url: str) -> Iterator[None]:
    """Keep everybody else from writing letters."""
    engine = create_engine(url, Path())
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        if engine.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE stepfile_letters"))
        yield
    engine.dispose()


async def _count_rows(url: str, table: str) -> int:
    engine = create_engine(url, Path())
    with engine.connect() as connection:
        count = connection.scalar(text(f"SELECT count(*) FROM {table}"))
    engine.dispose()
    return int(count)


@asynccontextmanager
async def _other_worker(server: DevServer, queue: str, url: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _WORKER, server.address, queue, url, stdout=PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


_WORKER = """
import asyncio, sys
from temporalio.client import Client
from stepfile.sql import LettersDatabase
from tests.temporal.letters_database.test_runs import Shop

address, queue, url = sys.argv[1:]

async def main():
    async with Shop(await Client.connect(address), queue, LettersDatabase(url)).worker():
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
