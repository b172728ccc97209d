"""A service that is idempotent by key, and the saga that calls it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError

from stepfile import prepare, read_text, start
from stepfile.activity import idempotency_key

Run = WorkflowHandle[Any, Any]


@dataclass
class Service:
    """It remembers the answer to each key, also when the effect was undone: then the answer is a lie."""

    done: list[str] = field(default_factory=list)
    """The keys of what was done, once each, without the workflow id."""
    undone: list[str] = field(default_factory=list)
    fails: set[str] = field(default_factory=set)
    """Steps that fail for good, and compensations (`undo a`) that do."""
    hangs: set[str] = field(default_factory=set)
    """Steps and compensations that do not end, as long as they are in here."""
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

        return [do, undo]

    async def _begin(self, what: str) -> str:
        key = idempotency_key().partition("/")[2]
        self.calls.append(f"{what.partition(' ')[0]} {key}" if what.startswith("undo") else key)
        if what in self.fails:
            raise ApplicationError("no", type="No", non_retryable=True)
        while what in self.hangs:
            activity.heartbeat()
            await asyncio.sleep(0.05)
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
