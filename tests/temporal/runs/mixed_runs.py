"""Runs of one definition, of which each goes as its input says; and which of them each filter must find."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from interpreter.temporal.client.runs.query import RunQuery
from interpreter.temporal.client.runs.search import RunSearch, find_runs
from stepfile import create_worker, prepare, read_text, start
from tests.support.waiting import until

MIXED = """\
dsl: "1"
name: NAME
version: "VERSION"
input:
  type: object
  properties:
    fails: {type: string, enum: ["", early, late, loop], default: ""}
    letter: {type: boolean, default: false}
    undo: {type: string, enum: ["", works, fails], default: ""}
    hold: {type: boolean, default: false}
signals: {go: {}}
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
dead_letter_queues: {letters: {activity: keep}}
steps:
  - id: book
    when: input.undo != ''
    activity: ok
    compensate: {activity: undo, args: ["${ input.undo }"], retry: {maximum_attempts: 1}}
  - id: kept
    when: input.letter
    raise: {type: Kept, message: for later}
    dead_letter: {queue: letters, then: continue}
  - {id: early, when: input.fails == 'early', raise: {type: Early, message: too soon}}
  - {id: held, when: input.hold, wait_for: {signal: go}}
  - id: rounds
    when: input.fails == 'loop'
    for_each: [a, b]
    steps:
      - {id: inner, raise: {type: Inner, message: in a loop}}
  - {id: late, when: input.fails == 'late', raise: {type: Late, message: too late}}
"""


@activity.defn
async def ok() -> None: ...


@activity.defn
async def keep(record: dict[str, Any]) -> None: ...


@activity.defn
async def undo(how: str) -> None:
    if how == "fails":
        raise ApplicationError("the hotel is closed", type="Closed", non_retryable=True)


ACTIVITIES = [ok, keep, undo]


@dataclass(frozen=True)
class Mixed:
    """One run: how it goes."""

    id: str
    fails: str = ""
    letter: bool = False
    undo: str = ""
    name: str = "mixed"
    version: str = "1.0"

    @property
    def input(self) -> dict[str, Any]:
        return {"fails": self.fails, "letter": self.letter, "undo": self.undo}

    @property
    def text(self) -> str:
        return MIXED.replace("NAME", self.name).replace("VERSION", self.version)

    @property
    def is_not_undone(self) -> bool:
        return bool(self.fails) and self.undo == "fails"


def choose_runs(prefix: str, count: int) -> list[Mixed]:
    """Choose how runs go: most are healthy, and what goes wrong does so in all combinations."""
    return [_choose_run(f"{prefix}-{number:03}", number) for number in range(count)]


def _choose_run(run_id: str, number: int) -> Mixed:
    name, version = ("mixed", "1.0") if number % 10 else ("other", "2.0")
    if number % 3:
        return Mixed(run_id, name=name, version=version)
    step = number // 3
    return Mixed(
        run_id,
        ("", "early", "late", "loop")[step % 4],
        bool(step // 4 % 2),
        ("", "works", "fails")[step // 8 % 3],
        name,
        version,
    )


@asynccontextmanager
async def serve(client: Client, task_queue: str) -> AsyncIterator[None]:
    """Run a worker that has the activities."""
    async with create_worker(client, ACTIVITIES, task_queue=task_queue):
        yield


async def run_all(client: Client, task_queue: str, runs: Iterable[Mixed]) -> None:
    """Run them, twenty at a time, until all have ended."""
    room = asyncio.Semaphore(20)

    async def run_one(run: Mixed) -> None:
        async with room:
            submission = prepare(read_text(run.text), run.input)
            handle = await start(client, submission, workflow_id=run.id, task_queue=task_queue)
            with suppress(WorkflowFailureError):
                await handle.result()

    await asyncio.gather(*(run_one(run) for run in runs))


async def search(client: Client, query: RunQuery, prefix: str) -> tuple[list[str], RunSearch]:
    """Find runs of a test: their ids in order, and the search, which knows what it has left out."""
    found = find_runs(client, query)
    return sorted([run.workflow_id async for run in found if run.workflow_id.startswith(prefix)]), found


async def until_listed(client: Client, prefix: str, ended: int) -> None:
    """Wait until the server lists so many runs of a test as ended."""

    async def are_listed() -> bool:
        listed, _ = await search(client, RunQuery(limit=100_000, statuses=ENDED), prefix)
        return len(listed) == ended

    await until(are_listed, f"the server lists {ended} runs")


ENDED = ("completed", "failed", "cancelled", "terminated", "timed_out")
