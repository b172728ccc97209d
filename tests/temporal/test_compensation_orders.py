"""A compensation that hangs or has failed is tried again or skipped, also if the worker dies in the middle of it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateStage,
)
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.wire.names import ORDER_UPDATES
from stepfile import StepfilePlugin, prepare, read_text, start
from tests.support.history import events_of
from tests.support.processes import stepfile
from tests.support.waiting import until

Run = WorkflowHandle[Any, Any]

WORKER = '''
"""Activities that write into a ledger what they do, and behave as a file of their name says."""

import asyncio, sys
from pathlib import Path
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from stepfile import create_worker
from stepfile.activity import idempotency_key

address, queue, place = sys.argv[1:]

def write(word):
    with open(Path(place, "ledger"), "a") as file:
        file.write(f"{word}\\n")

@activity.defn
async def do(step): write(f"do {step}")

@activity.defn
async def undo(step):
    write(f"undo {step} {idempotency_key()}")
    mode = Path(place, step)
    match mode.read_text() if mode.exists() else "":
        case "fails":
            raise ApplicationError("the hotel is closed", type="NoAnswer")
        case "hangs":
            await asyncio.sleep(3600)
    write(f"undone {step}")

async def main():
    client = await Client.connect(address)
    async with create_worker(client, [do, undo], task_queue=queue):
        await asyncio.Event().wait()

asyncio.run(main())
'''

SAGA = """\
dsl: "1"
name: saga
defaults: {timeouts: {start_to_close: 6s}, retry: {maximum_attempts: 1}}
saga: {retry: {initial_interval: 1h}}
steps:
  - {id: a, activity: do, args: [a], compensate: {activity: undo, args: [a]}}
  - {id: b, activity: do, args: [b], compensate: {activity: undo, args: [b]}}
  - {id: c, activity: do, args: [c], compensate: {activity: undo, args: [c], retry: {maximum_attempts: 1}}}
  - {id: last, LAST}
"""
FAILS = SAGA.replace("LAST", "raise: {type: No, message: no}")

LOOP = """\
dsl: "1"
name: loop
defaults: {timeouts: {start_to_close: 6s}, retry: {maximum_attempts: 1}}
saga: {retry: {initial_interval: 1h}}
steps:
  - id: all
    for_each: "${ [1, 2, 3] }"
    key: item
    concurrency: 1
    steps:
      - {id: x, activity: do, args: ["${ string(item) }"], compensate: {activity: undo, args: ["${ string(item) }"]}}
  - {id: last, raise: {type: No, message: no}}
"""


@dataclass
class Place:
    """Where a worker writes its ledger, and reads how its activities behave."""

    server: DevServer
    client: Client
    directory: Path
    queue: str

    def let(self, step: str, mode: str) -> None:
        """Let the activity that undoes a step behave so from now on: `fails`, `hangs`, or "" to do it."""
        (self.directory / step).write_text(mode)

    def read(self) -> list[str]:
        """What activities have done."""
        ledger = self.directory / "ledger"
        return ledger.read_text().splitlines() if ledger.exists() else []

    def tries(self, step: str) -> int:
        """How many attempts to undo a step have begun."""
        return sum(line.startswith(f"undo {step} ") for line in self.read())

    async def is_tried(self, step: str, times: int = 1) -> None:
        """Wait until attempts to undo a step have begun."""
        await until(lambda: self.tries(step) >= times, f"{step} is being undone", within=60)

    async def start(self, text: str = FAILS) -> Run:
        """Start a run."""
        return await start(
            self.client, prepare(read_text(text)), workflow_id=self.queue, task_queue=self.queue
        )

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Process]:
        """Run a worker in a process of its own."""
        arguments = (self.server.address, self.queue, str(self.directory))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WORKER, *arguments, stdout=DEVNULL, stderr=DEVNULL
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


@pytest.fixture
def place(server: DevServer, client: Client, tmp_path: Path, task_queue: str) -> Place:
    return Place(server, client, tmp_path, task_queue)


async def give(run: Run, kind: Any, step: str, reason: str = "so it is", order_id: str | None = None) -> Any:
    """Give an order, and wait until it was accepted; what waits for its answer."""
    order = {"step": step, "by": "ann@desk", "reason": reason}
    return await run.start_update(
        ORDER_UPDATES[kind], order, id=order_id, wait_for_stage=WorkflowUpdateStage.ACCEPTED
    )


async def read_report(run: Run) -> dict[str, dict[str, Any]]:
    """How the undoing of each step has ended, as the failed run says."""
    with pytest.raises(WorkflowFailureError) as failed:
        await run.result()
    assert isinstance(failed.value.cause, ApplicationError)
    details: dict[str, Any] = failed.value.cause.details[0]
    return {each["step"]: each for each in details["compensations"]}


async def read_undone(run: Run) -> dict[str, Any]:
    """What the memo says of what was undone."""
    memo = await (await run.describe()).memo()
    return {key.removeprefix("undone:"): value for key, value in memo.items() if key.startswith("undone:")}


async def replay(run: Run) -> None:
    """Replay the history of a run."""
    history = await run.fetch_history()
    await Replayer(workflows=[], plugins=[StepfilePlugin()]).replay_workflow(history)


async def count(run: Run, kind: EventType.ValueType) -> int:
    return sum(event.event_type == kind for event in await events_of(run))


async def was_asked_to_stop(run: Run) -> bool:
    """Whether the run has asked a compensation to stop, but has not begun another one."""
    return await count(run, EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED) == 1


ACCEPTED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED
KEPT = {"order": "skip", "by": "ann@desk", "reason": "it is gone"}


@pytest.mark.slow
async def test_skipped_and_the_worker_dies_before_what_ran_has_stopped(place: Place) -> None:
    place.let("b", "hangs")
    async with place.worker() as worker:
        run = await place.start()
        await place.is_tried("b")
        order = await give(run, "skip", "b", "it is gone")
        await until(partial(was_asked_to_stop, run), "it is to stop")
        os.kill(worker.pid, signal.SIGKILL)
    async with place.worker():
        assert await order.result() == {"step": "b", "state": "could not be undone"}
        report = await read_report(run)
    assert {step: each["status"] for step, each in report.items()} == {
        "c": "completed",
        "b": "skipped",
        "a": "completed",
    }
    assert report["b"]["error"]["type"] == "CompensationSkipped"
    assert report["b"]["error"]["message"] == "ann@desk has skipped it: it is gone"
    assert [{**each, "at": ""} for each in report["b"]["orders"]] == [{**KEPT, "at": ""}]
    undone = await read_undone(run)
    by = {"by": "ann@desk", "reason": "it is gone"}
    assert undone["b"] == {"status": "not_undone", "times": 0, "skipped": by}
    assert (undone["c"]["status"], undone["a"]["status"]) == ("undone", "undone")
    assert place.tries("b") == 1
    await replay(run)


@pytest.mark.slow
async def test_tried_again_and_the_worker_dies_before_that_begins(place: Place) -> None:
    place.let("b", "hangs")
    async with place.worker() as worker:
        run = await place.start()
        await place.is_tried("b")
        order = await give(run, "retry", "b", order_id="once")
        await until(partial(was_asked_to_stop, run), "it is to stop")
        os.kill(worker.pid, signal.SIGKILL)
    place.let("b", "")
    async with place.worker():
        assert await order.result() == {"step": "b", "state": "is being undone"}
        report = await read_report(run)
    again = run.get_update_handle("once", result_type=dict)
    assert await again.result() == {
        "step": "b",
        "state": "is being undone",
    }  # the same order is not given twice
    assert await count(run, ACCEPTED) == 1
    assert {each["status"] for each in report.values()} == {"completed"}
    assert [each["order"] for each in report["b"]["orders"]] == ["retry"]
    tries = [line for line in place.read() if line.startswith("undo b ")]
    assert tries == [f"undo b {place.queue}/b"] * 2  # the key is that of the effect
    assert (await read_undone(run))["b"] == {"status": "undone", "times": 1}
    await replay(run)


async def test_one_that_waits_for_its_next_attempt_is_tried_again_at_once(place: Place) -> None:
    place.let("b", "fails")
    async with place.worker():
        run = await place.start()
        await until(partial(_is_retried, run), "it waits for its next attempt")
        place.let("b", "")
        order = await give(run, "retry", "b")
        assert await order.result() == {"step": "b", "state": "is being undone"}
        report = await read_report(run)
    assert {each["status"] for each in report.values()} == {"completed"}
    assert place.tries("b") == 2
    await replay(run)


@pytest.mark.slow
async def test_one_that_has_failed_for_good_is_tried_again_while_others_are_undone(place: Place) -> None:
    place.let("c", "fails")
    place.let("b", "hangs")
    async with place.worker() as worker:
        run = await place.start()
        await place.is_tried("b")
        assert (await read_undone(run))["c"]["status"] == "not_undone"
        order = await give(run, "retry", "c")
        assert await order.result() == {"step": "c", "state": "waits for its turn to be undone"}
        os.kill(worker.pid, signal.SIGKILL)
    place.let("b", "")
    place.let("c", "")
    async with place.worker():
        await until(partial(_is_retried, run), "the attempt of the lost worker was given up")
        await give(run, "retry", "b")
        report = await read_report(run)
    assert list(report) == ["b", "c", "a"]
    assert {each["status"] for each in report.values()} == {"completed"}
    assert (await read_undone(run))["c"] == {"status": "undone", "times": 1}
    await replay(run)


async def test_a_cancelled_run_ends_cancelled_and_tells_who_has_skipped_what(place: Place) -> None:
    place.let("b", "fails")
    async with place.worker():
        run = await place.start(SAGA.replace("LAST", "wait: 1h"))
        await until(partial(_runs, run, "last"), "all was done")
        await run.cancel()
        await until(partial(_is_retried, run), "it waits for its next attempt")
        await give(run, "skip", "b", "it is gone")
        with pytest.raises(WorkflowFailureError):
            await run.result()
        told = await run.query("status")
    assert told["status"] == "cancelled"
    assert [each["status"] for each in told["compensations"]] == ["completed", "skipped", "completed"]
    assert (await read_undone(run))["b"]["skipped"] == {"by": "ann@desk", "reason": "it is gone"}
    await replay(run)


@pytest.mark.slow
async def test_two_orders_at_once(place: Place) -> None:
    """What was to be tried again may be skipped, while it has not stopped yet. Nothing else is taken then."""
    place.let("b", "hangs")
    async with place.worker():
        run = await place.start()
        await place.is_tried("b")
        retried = await give(run, "retry", "b")
        with pytest.raises(WorkflowUpdateFailedError) as twice:
            await (await give(run, "retry", "b")).result()
        skipped = await give(run, "skip", "b", "it is gone")
        with pytest.raises(WorkflowUpdateFailedError):
            await (await give(run, "skip", "b")).result()
        answer = {"step": "b", "state": "could not be undone"}
        assert (await retried.result(), await skipped.result()) == (answer, answer)
        report = await read_report(run)
    assert "b is about to be tried again: ann@desk has said so (so it is)" in str(twice.value.cause)
    assert [each["order"] for each in report["b"]["orders"]] == ["retry", "skip"]
    assert await count(run, ACCEPTED) == 2  # what is refused leaves nothing in the history
    await replay(run)


async def test_items_are_named_by_their_keys_although_these_are_numbers(place: Place) -> None:
    """The item with the key 2 is not the one with the number 2, which has the key 3 and is being undone."""
    place.let("3", "fails")
    async with place.worker():
        run = await place.start(LOOP)
        await until(partial(_is_retried, run), "it waits for its next attempt")
        for item in ("2", "3"):
            words = (
                "compensation",
                "skip",
                place.queue,
                f"all[{item}]/x",
                "--reason",
                "it was undone by hand",
            )
            assert f"all[{item}]/x is skipped" in await _command(place, *words)
        with pytest.raises(WorkflowFailureError):
            await run.result()
    assert (await read_undone(run))["all[1]/x"]["status"] == "undone"
    assert [place.tries(item) > 0 for item in ("1", "2", "3")] == [True, False, True]


@pytest.mark.slow
async def test_what_the_commands_say(place: Place) -> None:
    place.let("b", "fails")
    async with place.worker():
        run = await place.start()
        await until(partial(_is_retried, run), "it waits for its next attempt")
        shown = await _command(place, "status", place.queue)
        listed = await _command(place, "compensation", "list", place.queue)
        unknown = await _command(place, "compensation", "skip", place.queue, "bb", "--reason", "x")
        done = await _command(place, "compensation", "skip", place.queue, "b", "--reason", "it is gone")
        report = await read_report(run)
        late = await _command(place, "compensation", "retry", place.queue, "b", "--reason", "x")
    commands = [f"stepfile compensation {kind} {place.queue} b --reason WHY" for kind in ("retry", "skip")]
    for text in (shown, listed):
        assert "NoAnswer: the hotel is closed" in text
        assert "the undoing of b has failed once, and is tried again" in text
        assert all(command in text for command in commands)
    words = [line.split()[:2] for line in listed.splitlines()]
    assert words[:3] == [["b", "undoing"], ["c", "undone"], ["a", "waiting"]]
    assert 'of a step "bb" of this run; did you mean "b"?; there are: a, b, c' in unknown
    assert "b is skipped: it stays not undone" in done
    assert "attempt 2: NoAnswer: the hotel is closed" in report["b"]["error"]["message"]
    assert "has ended, and undoes nothing any more" in late


async def _command(place: Place, *arguments: str) -> str:
    """Run a command; all that it says."""
    where = ("--address", place.server.address)
    ended = await asyncio.to_thread(stepfile, *arguments, *where)
    return ended.stdout + ended.stderr


async def _is_retried(run: Run) -> bool:
    pending = (await run.describe()).raw_description.pending_activities
    return any(each.activity_type.name == "undo" and each.attempt > 1 for each in pending)


async def _runs(run: Run, step: str) -> bool:
    steps = (await run.query("status"))["steps"]
    return any(each["step"] == step and each["state"] == "running" for each in steps)
