"""From a failure to its repair on a real server: each effect is done once, whatever is run again.

The service is a ledger that is idempotent by key, as a real one has to be. A key that was undone it refuses for good.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from dsl.reading.reader import read_text
from interpreter.letters.status import LetterStatus
from interpreter.temporal.client.letters.handle import LetterHandle
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.wire.letters import build_letter_id
from stepfile import create_worker, prepare, start
from stepfile.activity import idempotency_key
from tests.support.waiting import until

HEAD = """
dsl: "1"
name: repaired
input:
  type: object
  properties: {items: {type: array}, card: {type: string, writeOnly: true}}
defaults: {timeouts: {start_to_close: 20s}, retry: {maximum_attempts: 1}}
dead_letter_queues: {QUEUE: {}}
"""


@dataclass
class Shop:
    """A service, a worker, and one run."""

    client: Client
    name: str
    """The workflow id, the task queue, and a part of the name of the queue."""
    down: set[str] = field(default_factory=set[str])
    """What fails now: names of steps, and `undo` with them."""
    once: set[str] = field(default_factory=set[str])
    """What fails the next time, and then no more."""
    effects: dict[str, str] = field(default_factory=dict[str, str])
    """Key → what was done, and not undone."""
    held: asyncio.Event | None = None
    """What undoing waits for."""
    undone: set[str] = field(default_factory=set[str])
    refused: list[str] = field(default_factory=list[str])
    """Keys that were undone, and with which something was to be done again."""
    given: list[Any] = field(default_factory=list[Any])

    def worker(self) -> Worker:
        """Make a worker that keeps no run in memory."""

        @activity.defn
        async def do(what: str, more: Any = None) -> str:
            key = idempotency_key().removeprefix(self.name)
            if what in self.down or what in self.once:
                self.once.discard(what)
                raise ApplicationError("the service is down", type="Down")
            if key in self.undone:
                self.refused.append(key)
                raise ApplicationError(f"{key} was undone before", type="Undone")
            self.effects[key] = what
            self.given.append(more)
            return what

        @activity.defn
        async def undo(what: str) -> None:
            key = idempotency_key().removeprefix(self.name)
            if self.held is not None:
                await self.held.wait()
            if f"undo {what}" in self.down:
                raise ApplicationError("the service is down", type="Down")
            self.undone.add(key)
            self.effects.pop(key, None)

        return create_worker(self.client, [do, undo], task_queue=self.name, max_cached_workflows=0)

    @property
    def queue(self) -> str:
        """The name of the dead-letter queue."""
        return f"q-{self.name[-8:]}"

    async def run(self, steps: str, data: Any = None) -> Any:
        """Run a definition to its end; None if it fails."""
        submission = prepare(read_text((HEAD + steps).replace("QUEUE", self.queue)), data or {})
        handle = await start(self.client, submission, workflow_id=self.name, task_queue=self.name)
        try:
            return await handle.result()
        except WorkflowFailureError:
            return None

    def letter(self, step: str) -> LetterHandle:
        """The letter of a step."""
        return LetterHandle(self.client, build_letter_id(self.queue, f"{self.name}/{step}"))

    async def status(self, step: str) -> LetterStatus:
        """Where the letter of a step stands."""
        return (await self.letter(step).read()).summary.status


@pytest.fixture
def shop(client: Client, task_queue: str) -> Shop:
    return Shop(client, task_queue)


async def test_a_step_whose_run_went_on(shop: Shop) -> None:
    steps = """
steps:
  - {id: a, activity: do, args: [a], dead_letter: {queue: QUEUE, then: continue}}
  - {id: b, activity: do, args: [b]}
"""
    shop.down = {"a"}
    async with shop.worker():
        assert await shop.run(steps) == "b"
        with pytest.raises(LetterProblem, match="the service is down"):
            await shop.letter("a").redrive("too early")
        shop.down = set()
        await shop.letter("a").redrive("repaired")
        assert await shop.status("a") is LetterStatus.RESOLVED
    assert shop.effects == {"/a": "a", "/b": "b"}


async def test_items_by_their_keys(shop: Shop) -> None:
    steps = """
steps:
  - id: all
    for_each: input.items
    key: item.name
    dead_letter: QUEUE
    steps: [{id: one, activity: do, args: ["${ item.name }", "${ index }"]}]
"""
    shop.down = {"y"}
    async with shop.worker():
        await shop.run(steps, {"items": [{"name": name} for name in "xyz"]})
        shop.down = set()
        await shop.letter("all[y]").redrive("repaired")
    assert shop.effects == {f"/all[{name}]/one": name for name in "xyz"}
    assert shop.given == [0, 2, 1]


SAGA = """
saga: {dead_letter: QUEUE, retry: {maximum_attempts: 1}}
steps:
  - {id: a, activity: do, args: [a], compensate: {activity: undo, args: ["${ result }"]}}
  - {id: b, activity: do, args: [b], dead_letter: QUEUE}
"""


async def test_a_run_that_was_undone_is_run_again_as_a_whole(shop: Shop) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(SAGA)
        assert shop.effects == {}
        shop.down = set()
        await until(lambda: _was_told(shop, "b"), "the letter has heard of the undoing")
        await shop.letter("b").redrive("repaired")
    assert shop.effects == {"/a#2": "a", "/b": "b"}


async def test_what_could_not_be_undone_is_undone(shop: Shop) -> None:
    shop.down = {"b", "undo a"}
    async with shop.worker():
        await shop.run(SAGA)
        assert shop.effects == {"/a": "a"}
        shop.down = set()
        await shop.letter("a.compensate").redrive("repaired")
        assert await shop.status("a.compensate") is LetterStatus.RESOLVED
    assert shop.effects == {}


async def test_a_secret_value_is_asked_for(shop: Shop) -> None:
    steps = """
vars: {copy: null}
steps:
  - {id: s, set: {copy: "${ input.card }"}}
  - {id: a, activity: do, args: [a, "${ vars.copy }"], dead_letter: {queue: QUEUE, then: continue}}
"""
    shop.down = {"a"}
    async with shop.worker():
        await shop.run(steps, {"card": "4111-1111"})
        assert "4111-1111" not in str((await shop.letter("a").read()).record)
        shop.down = set()
        with pytest.raises(LetterProblem, match=r"--set vars\.copy"):
            await shop.letter("a").redrive("repaired")
        await shop.letter("a").redrive("repaired", changes={"vars.copy": "5222-2222"})
    assert (shop.effects, shop.given) == ({"/a": "a"}, ["5222-2222"])


async def test_a_block_that_undoes_in_its_redrives_goes_on_with_the_next_keys(shop: Shop) -> None:
    steps = """
steps:
  - id: block
    retry: {initial_interval: 1s, maximum_attempts: 2}
    dead_letter: {queue: QUEUE, then: continue}
    steps:
      - {id: a, activity: do, args: [a], compensate: {activity: undo, args: [a]}}
      - {id: b, activity: do, args: [b]}
"""
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(steps)
        assert shop.effects == {"/a#2": "a"}
        with pytest.raises(LetterProblem, match="the service is down"):
            await shop.letter("block").redrive("too early")
        assert shop.effects == {"/a#3": "a"}
        shop.down = set()
        await shop.letter("block").redrive("repaired")
    assert shop.effects == {"/a#3": "a", "/b": "b"}


async def _was_told(shop: Shop, step: str) -> bool:
    return (await shop.letter(step).read()).run_end is not None
