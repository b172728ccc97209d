"""A service that is idempotent by key, and the saga that calls it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ApplicationError

from interpreter.temporal.wire.undone_records import decode_records
from stepfile import prepare, read_text, start
from stepfile.activity import idempotency_key
from tests.support.resets import list_tasks
from tests.support.waiting import until

Run = WorkflowHandle[Any, Any]


@dataclass
class Service:
    """It remembers the answer to each key, also when the effect was undone: then the answer is a lie."""

    done: list[str] = field(default_factory=list)
    """The keys of what was done, once each, without the workflow id."""
    undone: list[str] = field(default_factory=list)
    fails: set[str] = field(default_factory=set)
    """Steps that fail for good, and compensations (`undo a`) that do."""
    fails_once: set[str] = field(default_factory=set)
    """Steps whose next call fails, and the other ones do not."""
    hangs: set[str] = field(default_factory=set)
    """Steps and compensations that do not end, as long as they are in here."""
    letters: list[str] = field(default_factory=list)
    """The key of each letter that was kept."""
    calls: list[str] = field(default_factory=list)
    """The steps, or compensations, with the key of each call."""

    @property
    def lasting(self) -> list[str]:
        """The keys of what was done and not undone."""
        return sorted(set(self.done) - set(self.undone))

    def activities(self) -> list[Any]:
        """What a worker runs."""

        @activity.defn(name="do")
        async def do(step: str) -> str:
            key = await self._begin(step)
            if key not in self.done:
                self.done.append(key)
            return key

        @activity.defn(name="undo")
        async def undo(step: str) -> None:
            key = await self._begin(f"undo {step}")
            if key not in self.undone:
                self.undone.append(key)

        @activity.defn
        async def keep(letter: dict[str, Any]) -> None:
            self.letters.append(letter["key"])

        return [do, undo, keep]

    async def _begin(self, what: str) -> str:
        key = idempotency_key().partition("/")[2]
        self.calls.append(f"undo {key}" if what.startswith("undo ") else key)
        while what in self.hangs:
            activity.heartbeat()
            await asyncio.sleep(0.05)
        if what in self.fails | self.fails_once:
            self.fails_once.discard(what)
            raise ApplicationError("no", type="No", non_retryable=what in self.fails)
        return key


HEAD = """\
dsl: "1"
name: saga
defaults: {timeouts: {start_to_close: 60s, heartbeat: 5s}, retry: {maximum_attempts: 1}}
saga: {retry: {maximum_attempts: 1}}
"""


def step(name: str, more: str = "") -> str:
    """Write a step that can be undone."""
    undo = f"{{activity: undo, args: [{name}]}}"
    return f"  - {{id: {name}, activity: do, args: [{name}], compensate: {undo}{more}}}\n"


LAST = "  - {id: last, activity: do, args: [last]}\n"
SAGA = f"{HEAD}steps:\n{step('a')}{step('b')}{step('c')}{LAST}"


async def begin(client: Client, task_queue: str, text: str = SAGA, data: Any = None, **options: Any) -> Run:
    """Start a run whose workflow id is the name of its task queue."""
    submission = prepare(read_text(text), data or {})
    handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue, **options)
    return client.get_workflow_handle(task_queue, run_id=handle.first_execution_run_id)


async def expect_failure(run: Run) -> ApplicationError:
    """Wait until a run has failed."""
    with pytest.raises(WorkflowFailureError) as failed:
        await run.result()
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause


async def fail_at_last(client: Client, task_queue: str, service: Service, text: str = SAGA) -> Run:
    """A run that has failed at its last step, and has undone all."""
    service.fails = {"last"}
    run = await begin(client, task_queue, text)
    assert (await expect_failure(run)).type == "No"
    assert service.lasting == []
    service.fails = set()
    return run


async def latest(client: Client, workflow_id: str) -> Run:
    """The latest run of a workflow id."""
    described = await client.get_workflow_handle(workflow_id).describe()
    return client.get_workflow_handle(workflow_id, run_id=described.run_id)


async def count_of_memo(run: Run) -> dict[str, int]:
    """How often the memo of a run says that the effect of each step was undone."""
    memo = await (await run.describe()).memo()
    return {path: record.times for path, record in decode_records(memo).items()}


async def poke(run: Run, service: Service, what: str) -> None:
    """Wait until something hangs, and let the run have a workflow task then; nobody has declared the signal."""
    await until(lambda: service.calls[-1:] == [what], f"{what} hangs")
    count = len(await list_tasks(run))
    await run.signal("poke")

    async def is_handled() -> bool:
        return len(await list_tasks(run)) > count

    await until(is_handled, "the run has had a workflow task")
