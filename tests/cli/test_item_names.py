"""`status` and `compensation list` name an item of a loop in one way, wherever they tell of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from interpreter.temporal.dev_server.server import DevServer
from stepfile import create_worker, prepare, read_text, start
from tests.support.processes import stepfile

LOOP = """\
dsl: "1"
name: loop
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
dead_letter_queues: {letters: {activity: keep}}
finally:
  - {id: told, activity: tell, args: ["${ run.compensations }"]}
steps:
  - id: all
    for_each: [car, hotel]
    key: item
    concurrency: 1
    steps:
      - id: x
        activity: do
        compensate: {activity: undo, args: ["${ item }"], retry: {maximum_attempts: 1}}
      - {id: y, raise: {type: No, message: no}, dead_letter: {queue: letters, then: continue}}
  - {id: last, raise: {type: Bad, message: bad}}
"""


@activity.defn
async def do() -> None: ...


@activity.defn
async def undo(item: str) -> None:
    if item == "car":
        raise ApplicationError("it has left", type="Gone")


@activity.defn
async def keep(record: dict[str, Any]) -> None: ...


@pytest.mark.parametrize("with_worker", [True, False], ids=["a worker answers", "nobody answers"])
async def test_items_are_named_by_their_keys(
    server: DevServer, client: Client, task_queue: str, with_worker: bool
) -> None:
    told: list[Any] = []

    @activity.defn
    async def tell(compensations: Any) -> None:
        told.extend(compensations)

    async def show() -> list[str]:
        texts: list[str] = []
        for command in ("status", "compensation list"):
            words = (*command.split(), task_queue, "--address", server.address)
            texts.append((await asyncio.to_thread(stepfile, *words)).stdout)
        return texts

    async with create_worker(client, [do, undo, keep, tell], task_queue=task_queue):
        submission = prepare(read_text(LOOP), {})
        run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        with pytest.raises(WorkflowFailureError):
            await run.result()
        shown, listed = await show() if with_worker else ("", "")
    if not with_worker:
        shown, listed = await show()
    assert "  undone: all[hotel]/x\n" in shown
    assert "  NOT undone: all[car]/x: steps." in shown
    assert "  dead letter: all[car]/y in queue letters" in shown
    assert "all[0]" not in listed
    assert sorted(line.split()[0] for line in listed.splitlines() if "undone" in line) == [
        "all[car]/x",
        "all[hotel]/x",
    ]
    words = ("status", task_queue, "--json", "--address", server.address)
    record = json.loads((await asyncio.to_thread(stepfile, *words)).stdout)
    names = [(each["step"], each["key_path"]) for each in record["compensations"]]
    assert names == [("all[1]/x", "all[hotel]/x"), ("all[0]/x", "all[car]/x")]
    # What expressions see is part of replay.
    assert [(each["step"], "key_path" in each) for each in told] == [("all[1]/x", False), ("all[0]/x", False)]
