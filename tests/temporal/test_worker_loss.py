"""A worker is killed in the middle of its runs; another goes on, and nothing that had completed is done again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from dsl.reading.reader import read_text
from interpreter.temporal.dev_server.server import DevServer
from stepfile import prepare, query_status, start
from tests.support.waiting import until

pytestmark = pytest.mark.slow

WORKER = '''
"""Activities that write into a ledger when they begin and when they are done; patient ones never are."""

import asyncio, sys
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from stepfile.activity import last_heartbeat
from stepfile import create_worker

address, queue, ledger, patient = sys.argv[1:]

def write(word):
    with open(ledger, "a") as file:
        file.write(f"{activity.info().workflow_id} {activity.info().activity_type} {word}\\n")

async def work():
    beats = last_heartbeat(0)
    write("resumes" if beats else "begins")
    while activity.info().activity_type in patient.split(","):
        beats += 1
        activity.heartbeat(beats)
        await asyncio.sleep(0.1)
    write("done")

@activity.defn
async def first(): await work()
@activity.defn
async def slow(record=None): await work()
@activity.defn
async def last(): await work()
@activity.defn
async def undo_first(): await work()
@activity.defn
async def undo_slow(): await work()
@activity.defn
async def fails():
    await work()
    raise ApplicationError("no", type="Fatal", non_retryable=True)

async def main():
    client = await Client.connect(address)
    async with create_worker(client, [first, slow, last, fails, undo_first, undo_slow], task_queue=queue):
        await asyncio.Event().wait()

asyncio.run(main())
'''

HEAD = """
dsl: "1"
name: lost
defaults: {timeouts: {start_to_close: 5s, heartbeat: 1s}}
steps:
"""
BETWEEN = """
  - {id: first, activity: first, compensate: {activity: undo_first}}
  - {id: pause, wait: 3s}
  - {id: last, activity: last}
"""
ACTIVITY = """
  - {id: first, activity: first, compensate: {activity: undo_first}}
  - {id: slow, activity: slow, compensate: {activity: undo_slow}}
  - {id: last, activity: last}
"""
COMPENSATION = """
  - {id: first, activity: first, compensate: {activity: undo_first}}
  - {id: slow, activity: last, compensate: {activity: undo_slow}}
  - {id: fails, activity: fails}
"""
CLAUSE = """
  - {id: first, activity: first, compensate: {activity: undo_first}}
  - id: block
    steps: [{id: fails, activity: fails}]
    catch: [{errors: [Fatal], steps: [{id: slow, activity: slow}]}]
  - {id: last, activity: last}
"""
LEAVING = """
  - id: block
    steps: [{id: first, activity: first, compensate: {activity: undo_first}}, {id: fails, activity: fails}]
    finally: [{id: slow, activity: slow}]
finally: [{id: last, activity: last}]
"""
LETTER = """
  - {id: first, activity: first, compensate: {activity: undo_first}}
  - {id: fails, activity: fails, dead_letter: letters}
dead_letter_queues: {letters: {activity: slow}}
"""
CHILD = """
  - {id: first, activity: first, compensate: {activity: undo_first}}
  - {id: child, child_workflow: inner}
  - {id: last, activity: last}
definitions:
  inner: {defaults: {timeouts: {start_to_close: 5s, heartbeat: 1s}}, steps: [{id: slow, activity: slow}]}
"""
DEFINITIONS = {
    "between": HEAD + BETWEEN,
    "activity": HEAD + ACTIVITY,
    "compensation": HEAD + COMPENSATION,
    "clause": HEAD + CLAUSE,
    "leaving": HEAD + LEAVING,
    "letter": HEAD + LETTER,
    "child": HEAD + CHILD,
}
SLOW = {
    "activity": "activity",
    "clause": "clause",
    "leaving": "leaving",
    "letter": "letter",
    "child": "child/child",
}
"""Run → workflow in which its slow activity runs when the worker is killed."""


@dataclass
class Aftermath:
    """What became of the runs."""

    runs: dict[str, WorkflowHandle[Any, Any]]
    before: Counter[tuple[str, str, str]]
    """(run, activity, word) → how often it stood in the ledger when the worker had been killed."""
    after: Counter[tuple[str, str, str]]
    """The same when all had ended."""
    told: dict[str, dict[str, Any]]
    """The last status of each."""

    def done(self, run: str) -> dict[str, int]:
        """Activity → how often it was done in a run."""
        return {name: n for (where, name, word), n in self.after.items() if where == run and word == "done"}

    def begun(self, run: str) -> dict[str, int]:
        """Activity → how often it was begun, or taken up again, in a run."""
        words = ("begins", "resumes")
        begun: Counter[str] = Counter()
        for (where, name, word), number in self.after.items():
            begun[name] += number if where == run and word in words else 0
        return dict(+begun)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def aftermath(server: DevServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Aftermath]:
    """One worker that dies in the middle of three runs, and its successor."""
    client = await server.connect()
    ledger = tmp_path_factory.mktemp("loss") / "ledger"
    ledger.touch()
    async with _worker(server, ledger, patient="slow,undo_slow") as worker:
        runs = {name: await _start(client, name, text) for name, text in DEFINITIONS.items()}
        for workflow in SLOW.values():
            await until(partial(_runs_slow, ledger, workflow), f"a step of {workflow} runs")
        await until(lambda: ("compensation", "undo_slow", "begins") in _read(ledger), "a run is undone")
        await until(lambda: _waits(runs["between"]), "the third is between two steps")
        os.kill(worker.pid, signal.SIGKILL)
        await worker.wait()
    before = _read(ledger)
    async with _worker(server, ledger, patient=""), asyncio.timeout(60):
        for run in runs.values():
            await asyncio.wait([asyncio.ensure_future(run.result())])
        told = {name: await query_status(run) for name, run in runs.items()}
    yield Aftermath(runs, before, _read(ledger), told)


@pytest.mark.asyncio(loop_scope="module")
async def test_between_two_steps(aftermath: Aftermath) -> None:
    await aftermath.runs["between"].result()
    assert ("between", "last", "begins") not in aftermath.before
    assert aftermath.begun("between") == {"first": 1, "last": 1}
    assert aftermath.done("between") == {"first": 1, "last": 1}


@pytest.mark.asyncio(loop_scope="module")
async def test_in_the_middle_of_an_activity(aftermath: Aftermath) -> None:
    await aftermath.runs["activity"].result()
    assert aftermath.begun("activity") == {"first": 1, "slow": 2, "last": 1}
    assert aftermath.done("activity") == {"first": 1, "slow": 1, "last": 1}
    attempts = {step["step"]: step["attempts"] for step in aftermath.told["activity"]["steps"]}
    assert attempts == {"first": 1, "slow": 2, "last": 1}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("workflow", SLOW.values())
async def test_an_activity_resumes_at_its_last_heartbeat(workflow: str, aftermath: Aftermath) -> None:
    """F16: the first heartbeat goes at once, and so survives."""
    assert aftermath.after[workflow, "slow", "begins"] == 1
    assert aftermath.after[workflow, "slow", "resumes"] == 1
    assert aftermath.after[workflow, "slow", "done"] == 1


@pytest.mark.asyncio(loop_scope="module")
async def test_in_the_middle_of_a_clause(aftermath: Aftermath) -> None:
    await aftermath.runs["clause"].result()
    assert aftermath.begun("clause") == {"first": 1, "fails": 1, "slow": 2, "last": 1}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("run", ["leaving", "letter"])
async def test_in_the_middle_of_what_comes_before_the_undoing(run: str, aftermath: Aftermath) -> None:
    with pytest.raises(WorkflowFailureError):
        await aftermath.runs[run].result()
    last = {"last": 1} if run == "leaving" else {}
    assert aftermath.begun(run) == {"first": 1, "fails": 1, "slow": 2, "undo_first": 1, **last}
    assert aftermath.done(run)["undo_first"] == 1
    assert (run, "undo_first", "begins") not in aftermath.before


@pytest.mark.asyncio(loop_scope="module")
async def test_in_the_middle_of_a_child(aftermath: Aftermath) -> None:
    await aftermath.runs["child"].result()
    assert aftermath.done("child") == {"first": 1, "last": 1}
    assert aftermath.done("child/child") == {"slow": 1}


@pytest.mark.asyncio(loop_scope="module")
async def test_in_the_middle_of_a_compensation(aftermath: Aftermath) -> None:
    with pytest.raises(WorkflowFailureError) as error:
        await aftermath.runs["compensation"].result()
    assert isinstance(error.value.cause, ApplicationError)
    assert error.value.cause.type == "Fatal"
    assert [(each["step"], each["status"]) for each in aftermath.told["compensation"]["compensations"]] == [
        ("slow", "completed"),
        ("first", "completed"),
    ]
    assert aftermath.begun("compensation") == {
        "first": 1,
        "last": 1,
        "fails": 1,
        "undo_slow": 2,
        "undo_first": 1,
    }
    assert aftermath.done("compensation")["undo_slow"] == 1


@asynccontextmanager
async def _worker(server: DevServer, ledger: Path, *, patient: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORKER, server.address, "worker-loss", str(ledger), patient),
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _start(client: Client, name: str, text: str) -> WorkflowHandle[Any, Any]:
    submission = prepare(read_text(text, f"{name}.yaml"), None)
    return await start(client, submission, workflow_id=name, task_queue="worker-loss")


async def _waits(run: WorkflowHandle[Any, Any]) -> bool:
    return any(
        step["state"] == "running" for step in (await query_status(run))["steps"] if step["step"] == "pause"
    )


def _read(ledger: Path) -> Counter[tuple[str, str, str]]:
    lines = ledger.read_text(encoding="utf-8").splitlines()
    return Counter((run, name, word) for run, name, word in map(str.split, lines))


def _runs_slow(ledger: Path, workflow: str) -> bool:
    return (workflow, "slow", "begins") in _read(ledger)
