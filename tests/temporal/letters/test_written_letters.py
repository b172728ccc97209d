"""The built-in queue as a run writes to it, on a real server: each failed effect has one letter, and none is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.worker import Worker

from dsl.reading.reader import read_text
from interpreter.letters.orders import Command
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from interpreter.temporal.client.letters.give import build_order
from interpreter.temporal.client.letters.in_temporal import TemporalLetters
from interpreter.temporal.client.letters.store import Letter
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.wire.letters import build_letter_id
from interpreter.temporal.workflow import effects as effects_module
from stepfile import create_worker, prepare, query_status, start
from tests.support.history import events_of, letters
from tests.support.script import Script
from tests.support.temporal_activities import build_scripted_activities
from tests.support.waiting import until

Run = WorkflowHandle[Any, Any]
Behaviours = Mapping[str, list[dict[str, Any]]]

FAILS: list[dict[str, Any]] = [{"fail": {"type": "Down", "message": "no", "non_retryable": True}}]
KEPT = " ".join(
    f"EVENT_TYPE_{each}"
    for each in ("START_CHILD_WORKFLOW_EXECUTION_INITIATED", "CHILD_WORKFLOW_EXECUTION_STARTED")
)
TOLD = " ".join(
    f"EVENT_TYPE_{each}"
    for each in ("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED", "EXTERNAL_WORKFLOW_EXECUTION_SIGNALED")
)


def build_text(queue: str, steps: str, more: str = "") -> str:
    """Build a definition with a queue of its own."""
    return f"""
dsl: "1"
name: writes
input: {{type: object}}
defaults: {{timeouts: {{start_to_close: 20s, heartbeat: 3s}}, retry: {{maximum_attempts: 1}}}}
dead_letter_queues: {{{queue}: {{}}, sink: {{activity: keep}}}}
{more}
steps:
{steps}
"""


class Desk:
    """A task queue, and the built-in queue of the same name."""

    def __init__(self, client: Client, name: str) -> None:
        self.client, self.task_queue = client, name
        self.queue = f"q-{name[-8:]}"
        self.store = TemporalLetters(client)
        self.script = Script({})

    def worker(self, behaviours: Behaviours, **options: Any) -> Worker:
        """Make a worker whose activities behave so."""
        self.script = Script(behaviours)
        activities = build_scripted_activities(self.script)
        return create_worker(self.client, activities, task_queue=self.task_queue, **options)

    async def start(
        self, steps: str, more: str = "", data: Any = None, workflow_id: str | None = None
    ) -> Run:
        """Start a run of steps that may use the queue."""
        text = build_text(self.queue, steps.replace("QUEUE", self.queue), more.replace("QUEUE", self.queue))
        submission = prepare(read_text(text), data or {})
        return await start(
            self.client, submission, workflow_id=workflow_id or self.task_queue, task_queue=self.task_queue
        )

    def id_of(self, key: str, workflow_id: str | None = None) -> str:
        """The id of the letter of an effect."""
        return build_letter_id(self.queue, f"{workflow_id or self.task_queue}/{key}")

    async def read(self, key: str) -> Letter:
        """The letter of an effect."""
        return await self.store.read_letter(self.id_of(key))

    async def wait_for(self, key: str, **fields: Any) -> LetterSummary:
        """Wait until the summary of a letter says so."""
        found: list[LetterSummary] = []

        async def says() -> bool:
            found.append((await self.read(key)).summary)
            return all(getattr(found[-1], name) == value for name, value in fields.items())

        await until(says, f"the letter of {key} has {fields}")
        return found[-1]


@pytest.fixture
def desk(client: Client, task_queue: str) -> Desk:
    return Desk(client, task_queue)


CONTINUES = """
  - {id: a, activity: A, dead_letter: {queue: QUEUE, then: continue}}
  - {id: b, activity: B}
"""
FAILING = """
  - {id: first, activity: B, compensate: {activity: U}}
  - {id: a, activity: A, dead_letter: QUEUE}
"""


async def fail(run: Run) -> ApplicationError:
    """Wait until a run has failed."""
    with pytest.raises(WorkflowFailureError) as failed:
        await run.result()
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause


async def test_one_letter_and_the_run_goes_on(desk: Desk) -> None:
    """D01, D09: the letter outlives the run."""
    async with desk.worker({"A": FAILS, "B": [{"ok": 2}]}):
        run = await desk.start(CONTINUES)
        assert await run.result() == 2
        assert letters(await events_of(run)) == f"S St F {KEPT} S St C completed"
        assert [each["key"] for each in (await query_status(run))["dead_letters"]] == [f"{desk.task_queue}/a"]
    letter = await desk.read("a")
    assert (letter.summary.status, letter.summary.failures) == (LetterStatus.OPEN, 1)
    assert letter.summary.error == "no"
    assert (letter.record["task_queue"], letter.record["max_redrives"]) == (desk.task_queue, 3)
    described = await desk.client.get_workflow_handle(letter.summary.id).describe()
    assert described.status is WorkflowExecutionStatus.RUNNING


async def test_a_letter_is_written_before_anything_is_undone_and_told_of_it_then(desk: Desk) -> None:
    """D02."""
    async with desk.worker({"A": FAILS, "B": [], "U": []}):
        run = await desk.start(FAILING, data={"some": "thing"})
        assert (await fail(run)).type == "Down"
        assert letters(await events_of(run)) == f"S St C S St F {KEPT} S St C {TOLD} failed"
        await desk.wait_for("a", undone=True)
    end = (await desk.read("a")).run_end
    assert end is not None
    assert (end.status, end.undone, end.input, end.hidden) == ("failed", {"first": 1}, {"some": "thing"}, ())


async def test_without_a_failure_there_is_not_one_event_more(desk: Desk) -> None:
    works: Behaviours = {"A": [{"ok": 1}], "B": [{"ok": 2}], "U": []}
    async with desk.worker(works):
        plain = FAILING.replace(", dead_letter: QUEUE", "")
        with_queue = await desk.start(FAILING, "saga: {dead_letter: QUEUE}")
        without = await desk.start(plain, workflow_id=f"{desk.task_queue}-plain")
        for run in (with_queue, without):
            assert await run.result() == 1
        events = [[each.event_type for each in await events_of(run)] for run in (with_queue, without)]
        assert events[0] == events[1]


async def test_a_cancellation_and_an_open_breaker_are_no_letters(desk: Desk) -> None:
    """D05, D07."""
    guarded = """
  - {id: a, activity: A, circuit_breaker: own, catch: [{errors: [Down]}]}
  - {id: b, activity: A, circuit_breaker: {name: own, on_open: fail}, dead_letter: {queue: QUEUE, then: continue}}
"""
    more = (
        "circuit_breakers: {own: {scope: workflow, failure_threshold: 1, wait_duration_in_open_state: 60s}}"
    )
    async with desk.worker({"A": [{"fail": {"type": "Down"}}], "B": [{"takes": "60s"}]}):
        assert (await fail(await desk.start(guarded, more))).type == "CircuitBreakerOpen"
        waits = "  - {id: b, activity: B, dead_letter: QUEUE}"
        run = await desk.start(waits, workflow_id=f"{desk.task_queue}-cancelled")
        await until(lambda: "B" in desk.script.calls, "the step runs")
        await run.cancel()
        with pytest.raises(WorkflowFailureError):
            await run.result()
        for each in (run, desk.client.get_workflow_handle(desk.task_queue)):
            assert "CHILD" not in letters(await events_of(each))


async def test_the_same_effect_again_is_the_same_letter_as_long_as_that_is_kept(desk: Desk) -> None:
    """The source is run again under its id: open, then resolved, then terminated."""
    async with desk.worker({"A": FAILS, "B": []}):
        for failures in (1, 2):
            await (await desk.start(CONTINUES)).result()
            await desk.wait_for("a", failures=failures)
        first = (await desk.client.get_workflow_handle(desk.id_of("a")).describe()).run_id
        await desk.store.give_order(desk.id_of("a"), build_order(Command.RESOLVE, "ann", "done"))
        await desk.client.get_workflow_handle(desk.id_of("a"), run_id=first).result()
        await (await desk.start(CONTINUES)).result()
        assert (await desk.wait_for("a", status=LetterStatus.OPEN)).failures == 1
        second = desk.client.get_workflow_handle(desk.id_of("a"))
        assert (await second.describe()).run_id != first
        await second.terminate()
        await (await desk.start(CONTINUES)).result()
        assert (await desk.wait_for("a", status=LetterStatus.OPEN)).failures == 1


LARGE = """
  - {id: make, activity: make}
  - id: a
    activity: A
    args: ["${ steps.make.result }", "${ steps.make.result }"]
    dead_letter: {queue: NAME, then: continue}
  - id: all
    for_each: "${ [1] }"
    dead_letter: NAME
    steps: [{id: one, activity: A, args: ["${ steps.make.result }", "${ steps.make.result }"]}]
  - {id: done, activity: B}
"""


@pytest.mark.parametrize("kept_by", ["QUEUE", "sink"])
async def test_what_is_too_large_for_a_payload_has_a_letter_all_the_same(desk: Desk, kept_by: str) -> None:
    """The step could not even be scheduled. What it reads fits, and is given twice."""
    works: Behaviours = {"make": [{"ok": "x" * 1_100_000}], "A": [], "B": [{"ok": 2}], "keep": [{}]}
    async with desk.worker(works):
        run = await desk.start(LARGE.replace("NAME", kept_by))
        assert await run.result() == 2
    if kept_by == "sink":
        calls = zip(desk.script.calls, desk.script.arguments, strict=True)
        records = [args[0] for name, args in calls if name == "keep"]
    else:
        records = [dict((await desk.read(key)).record) for key in ("a", "all[0]")]
    step, item = records
    assert step["error"]["type"] == "TooLarge"
    assert (step["input"]["too_large"], step["input"]["bytes"]) == (True, 2_200_007)
    assert step["input"]["head"] == '["' + "x" * 998
    assert step["redrive"]["request"]["only"]["steps"]["make"]["result"] == "x" * 1_100_000
    assert (item["step"], item["input"]) == ("all[0]", 1)


COMPENSATED = """
  - id: make
    activity: make
    compensate: {activity: U, args: ["${ result }", "${ result }"], retry: {maximum_attempts: 1}}
  - {id: last, activity: A}
"""


async def test_a_compensation_that_is_too_large_has_a_letter_too(desk: Desk) -> None:
    works: Behaviours = {"make": [{"ok": "x" * 1_100_000}], "A": FAILS, "U": []}
    async with desk.worker(works):
        await fail(await desk.start(COMPENSATED, "saga: {dead_letter: QUEUE}"))
    record = (await desk.read("make.compensate")).record
    assert record["error"]["type"] == "TooLarge"
    assert record["input"]["too_large"]
    assert "too large for a letter" in record["redrive"]["refused"]
    assert record["redrive"]["request"]["definition"]["text"]


ITEMS = """
  - id: all
    for_each: "${ [0, 1, 2, 3] }"
    concurrency: 2
    dead_letter: QUEUE
    steps: [{id: one, activity: A}]
"""


async def test_a_run_that_has_as_many_children_as_it_may_lets_them_be_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects_module, "MAXIMUM_LETTERS", 1)
    async with desk.worker({"A": FAILS}, max_cached_workflows=0):
        for failures in (1, 2):
            run = await desk.start(ITEMS)
            await run.result()
            events = letters(await events_of(run))
            assert events.count("EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED") == 3
            for number in range(4):
                await desk.wait_for(f"all[{number}]", failures=failures)


@pytest.mark.parametrize("task", [0, 1], ids=["before the step", "as the letter is written"])
async def test_a_run_that_is_reset_and_fails_again_tells_its_letter(desk: Desk, task: int) -> None:
    async with desk.worker({"A": FAILS, "B": [{"ok": 2}]}):
        run = await desk.start(CONTINUES)
        await run.result()
        await desk.wait_for("a", failures=1)
        tasks = [
            each.event_id
            for each in await events_of(run)
            if each.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
        ]
        await desk.client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=desk.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=run.id),
                workflow_task_finish_event_id=tasks[task],
                request_id=f"reset {task}",
            )
        )
        await desk.client.get_workflow_handle(run.id).result()
        await desk.wait_for("a", failures=2)


WORKER = '''
"""An activity that fails for good, on a worker that is killed."""

import asyncio, sys
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from stepfile import create_worker

address, queue = sys.argv[1:]

@activity.defn
async def A(): raise ApplicationError("no", type="Down", non_retryable=True)
@activity.defn
async def B(): pass

async def main():
    client = await Client.connect(address)
    async with create_worker(client, [A, B], task_queue=queue):
        await asyncio.Event().wait()

asyncio.run(main())
'''
MANY = 30


@pytest.mark.slow
async def test_a_worker_that_is_killed_while_letters_are_written(
    server: DevServer, desk: Desk, tmp_path: Path
) -> None:
    steps = CONTINUES.replace(
        "activity: B", "activity: B, retry: {maximum_attempts: 3}"
    )  # it may be lost, too
    runs = [await desk.start(steps, workflow_id=f"{desk.task_queue}-{number}") for number in range(MANY)]
    program = tmp_path / "worker.py"
    program.write_text(WORKER)
    command = (sys.executable, str(program), server.address, desk.task_queue)
    worker = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
    first = desk.client.get_workflow_handle(desk.id_of("a", runs[0].id))
    await until(lambda: _is_there(first), "the first letter is written")
    os.kill(worker.pid, signal.SIGKILL)
    await worker.wait()
    async with desk.worker({"A": FAILS, "B": []}):
        await asyncio.gather(*(run.result() for run in runs))
        for run in runs:
            letter = await desk.store.read_letter(desk.id_of("a", run.id))
            assert (letter.summary.status, letter.summary.failures) == (LetterStatus.OPEN, 1)


async def test_a_redrive_is_a_run_of_the_step_alone(desk: Desk) -> None:
    async with desk.worker({"A": FAILS, "B": [], "U": []}, max_cached_workflows=0):
        run = await desk.start(CONTINUES)
        await run.result()
        told = (await desk.read("a")).record["redrive"]
    async with desk.worker({"A": [{"ok": "at last"}], "B": []}, max_cached_workflows=0):
        where: dict[str, Any] = {"id": f"{run.id}-redrive", "task_queue": told["task_queue"]}
        args = [told["input"], told["request"]]
        again = await desk.client.start_workflow(told["workflow_type"], args=args, memo=told["memo"], **where)
        assert await again.result() == "at last"
        assert desk.script.calls == ["A"]
        status = await query_status(again)
        assert status["only"] == {"step": "a", "workflow_id": run.id, "run_id": run.first_execution_run_id}
        wrong = {**told["request"], "only": {**told["request"]["only"], "step": "c"}}
        refused = await desk.client.start_workflow(told["workflow_type"], args=[None, wrong], **where)
        error = await fail(refused)
        assert (error.type, error.message) == ("InvalidRequest", "only.step: the definition has no step 'c'")


async def _is_there(letter: Run) -> bool:
    try:
        await letter.describe()
    except RPCError:
        return False
    return True
