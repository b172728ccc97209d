"""A child that fails while an earlier run of it may stand is not run again under its key."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError

from interpreter.temporal.repair.retry import plan_retry
from tests.support.waiting import until
from tests.temporal.letters.test_repaired_runs import Shop
from tests.temporal.test_children_run_again import INSIDE, SHIP

AFTER_PIVOT = f"""
{SHIP}
steps:
  - {{id: p, activity: do, args: [p], pivot: true}}
  - id: block
    retry: {{initial_interval: 2s, maximum_attempts: 3}}
    steps:
      - {{id: ship, child_workflow: ship}}
      - {{id: last, activity: do, args: [last]}}
"""
FINALLY = f"""
retry: {{initial_interval: 2s, maximum_attempts: 3}}
{SHIP}
steps:
  - {{id: last, activity: do, args: [last]}}
finally:
  - {{id: clean, child_workflow: ship}}
"""
UNDOING_STEPS = f"""
saga: {{dead_letter: QUEUE, retry: {{maximum_attempts: 1}}}}
{INSIDE.strip()}
steps:
  - id: ship
    activity: do
    args: [ship]
    compensate: {{steps: [{{id: z, child_workflow: inside}}]}}
  - {{id: last, activity: do, args: [last]}}
"""


@pytest.fixture
def shop(client: Client, task_queue: str) -> Shop:
    return Shop(client, task_queue)


async def has_failed(shop: Shop) -> bool:
    described = await shop.client.get_workflow_handle(shop.name).describe()
    return described.status is WorkflowExecutionStatus.FAILED


async def test_a_block_after_the_pivot(shop: Shop) -> None:
    async with shop.worker():
        shop.once = {"last"}
        running = asyncio.create_task(shop.run(AFTER_PIVOT))

        async def has_tried_once() -> bool:
            return "/ship/d" in shop.effects and not shop.once

        await until(has_tried_once, "the first attempt of the block has failed")
        shop.once = {"b"}  # in the second attempt the child fails, and undoes itself
        await running
        assert await has_failed(shop)
    assert shop.undone == {"/ship/a"}
    assert shop.refused == []


async def test_a_child_in_the_finally_of_a_run_that_is_tried_again(shop: Shop) -> None:
    async with shop.worker():
        shop.once = {"last"}
        running = asyncio.create_task(shop.run(FINALLY))

        async def has_tried_once() -> bool:
            return "/clean/d" in shop.effects

        await until(has_tried_once, "the first attempt has failed")
        shop.down = {"last", "b"}

        async def has_tried_twice() -> bool:
            return "/clean/a" in shop.undone

        await until(has_tried_twice, "the second attempt has failed")
        shop.down = set()
        await running
        assert await has_failed(shop)
    assert shop.refused == []


async def test_the_redrive_of_a_compensation_by_steps_knows_what_its_child_has_undone(shop: Shop) -> None:
    async with shop.worker():
        shop.down = {"last", "b"}
        await shop.run(UNDOING_STEPS)
        assert shop.undone == {"/z/a"}
        shop.down = set()
        await shop.letter("ship.compensate").redrive("repaired")
    assert shop.effects.keys() == {"/ship", "/z/a#2", "/z/b"}


async def test_a_run_that_was_refused_is_tried_again(shop: Shop) -> None:
    """Its definition can't be compiled, so it starts no child, and the next run is refused as well."""
    request = {"format": 1, "definition": {"text": "dsl: '1'\nname: bad\nsteps: []\n"}}
    async with shop.worker():
        run = await shop.client.start_workflow(
            "stepfile:bad", args=[{}, request], id=shop.name, task_queue=shop.name
        )
        with suppress(WorkflowFailureError):
            await run.result()
        again = await (await plan_retry(shop.client, shop.name)).start()
        with pytest.raises(WorkflowFailureError):
            await again.result()
