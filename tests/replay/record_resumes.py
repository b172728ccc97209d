"""Record the histories of runs that were resumed: `make record`, or `python -m tests.replay.record_resumes`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from unittest.mock import patch

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError

from interpreter.state.patches import Patch
from interpreter.temporal.dev_server.server import run_dev_server
from interpreter.temporal.repair.resume import plan_resume
from interpreter.temporal.workflow.effects import TemporalEffects
from stepfile import create_worker
from tests.replay.record import HISTORIES, IDENTITY, write_history
from tests.temporal.test_identity import SAGA, Ledger, Run, begin

RESUMED_HISTORIES = HISTORIES / "resumes"

ORDER = SAGA.replace("input: ", "dead_letter_queues: {kept: {}}\ninput: ", 1).replace(
    "args: [last]}", "args: [last], dead_letter: kept}"
)
"""Two steps that are undone, one that is kept, and a last one that is a dead letter."""

PATCHED = """\
dsl: "1"
name: patched
input: {type: object, properties: {what: {type: string}}}
defaults: {timeouts: {start_to_close: 60s}, retry: {maximum_attempts: 1}}
steps:
  - {id: first, activity: do, args: [first]}
  - {id: second, activity: do, args: ["${ input.what }"]}
"""

Story = Callable[[Client, str, Ledger], Awaitable[Run]]
"""What is done to a run; the run whose history is recorded."""


async def _resume(client: Client, name: str, *patches: Patch) -> Run:
    resumption = await plan_resume(client, name, patches=patches)
    resumed: Run = await resumption.start(reason="the bank is back")
    with suppress(WorkflowFailureError):
        await resumed.result()
    return client.get_workflow_handle(name, run_id=resumed.result_run_id)


async def _fail(client: Client, name: str, text: str, data: Any = None) -> None:
    run = await begin(client, name, text, data)
    with suppress(WorkflowFailureError):
        await run.result()


async def _resume_a_saga(client: Client, name: str, ledger: Ledger) -> Run:
    ledger.fails = {"last"}
    await _fail(client, name, ORDER)
    ledger.fails = set()
    return await _resume(client, name)


async def _resume_a_saga_on_an_earlier_release(client: Client, name: str, ledger: Ledger) -> Run:
    """That release did not resolve letters."""
    with patch.object(TemporalEffects, "may_do", lambda *_: False):
        return await _resume_a_saga(client, name, ledger)


async def _resume_twice_with_a_patch(client: Client, name: str, ledger: Ledger) -> Run:
    ledger.fails = {"bad", "first"}
    await _fail(client, name, PATCHED, {"what": "bad"})
    ledger.fails = {"bad"}
    await _resume(client, name)
    return await _resume(client, name, Patch(("input", "what"), "good"))


STORIES: dict[str, Story] = {
    "saga-with-a-letter": _resume_a_saga,
    "saga-on-an-earlier-release": _resume_a_saga_on_an_earlier_release,
    "twice-with-a-patch": _resume_twice_with_a_patch,
}

FILES = [RESUMED_HISTORIES / f"{name}.json" for name in STORIES]


async def record() -> None:
    """Record all of them."""
    async with run_dev_server() as server:
        client = await Client.connect(server.address, identity=IDENTITY)
        for (name, story), file in zip(STORIES.items(), FILES, strict=True):
            ledger = Ledger()
            async with create_worker(client, ledger.activities(), task_queue=name):
                run = await story(client, name, ledger)
            assert (await run.describe()).status is WorkflowExecutionStatus.COMPLETED
            write_history(await run.fetch_history(), file)


if __name__ == "__main__":
    asyncio.run(record())
