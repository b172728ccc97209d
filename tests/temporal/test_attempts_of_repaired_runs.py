"""The attempts of a whole run that went on from a state count what was undone once: the server repeats its memo."""

from __future__ import annotations

from contextlib import suppress

import pytest
from temporalio.client import Client, WorkflowFailureError

from dsl.reading.reader import read_text
from interpreter.temporal.client.start import build_start_arguments
from interpreter.temporal.repair.resume import plan_resume
from interpreter.temporal.repair.retry import plan_retry
from stepfile import prepare
from tests.support.resets import list_tasks, reset
from tests.support.waiting import until
from tests.temporal.letters.test_repaired_runs import HEAD, Shop
from tests.temporal.resets.service import expect_failure

RETRIED = """
retry: {initial_interval: 1s, maximum_attempts: 2}
steps:
  - {id: a, activity: do, args: [a], compensate: {activity: undo, args: ["${ result }"]}}
  - {id: b, activity: do, args: [b]}
  - {id: d, activity: do, args: [d]}
"""
CONTINUED = """
retry: {initial_interval: 1s, maximum_attempts: 2}
steps:
  - id: block
    retry: {initial_interval: 100ms, maximum_attempts: 2}
    steps:
      - {id: a, activity: do, args: [a], compensate: {activity: undo, args: ["${ result }"]}}
      - {id: x, activity: do, args: [x]}
  - id: loop
    for_each: [1, 2, 3]
    concurrency: 1
    steps: [{id: w, wait: 10ms}]
  - {id: b, activity: do, args: [b]}
  - {id: d, wait: 1h}
"""


@pytest.fixture
def shop(client: Client, task_queue: str) -> Shop:
    return Shop(client, task_queue)


async def test_a_reset_of_the_second_attempt_of_a_resumed_run(shop: Shop) -> None:
    async with shop.worker():
        shop.down = {"b"}
        await shop.run(RETRIED)
        shop.down, shop.once = {"d"}, {"b"}
        resumed = await (await plan_resume(shop.client, shop.name)).start()
        with suppress(WorkflowFailureError):
            await resumed.result()
        assert shop.undone == {"/a", "/a#2", "/a#3", "/a#4"}
        shop.down = set()
        latest = (await shop.client.get_workflow_handle(shop.name).describe()).run_id
        last = shop.client.get_workflow_handle(shop.name, run_id=latest)
        again = await reset(shop.client, last, (await list_tasks(last))[2])  # `a` and `b` are done
        assert (await expect_failure(again)).type == "UndoneBeforeReset"


async def test_a_retry_after_the_second_attempt_of_a_run_that_has_continued_as_new(shop: Shop) -> None:
    async with shop.worker():
        shop.once = {"x", "b"}
        submission = prepare(read_text((HEAD + CONTINUED).replace("QUEUE", shop.queue)), {})
        arguments = build_start_arguments(shop.client, submission, shop.name, shop.name)
        arguments["args"][1]["continue_as_new_after"] = 25
        await shop.client.start_workflow(**arguments)

        async def has_come_to_the_end() -> bool:
            return "/b" in shop.effects

        await until(has_come_to_the_end, "the second attempt has done all but wait", within=60)
        await shop.client.get_workflow_handle(shop.name).terminate()
        before, done = dict(shop.effects), len(shop.given)
        await (await plan_retry(shop.client, shop.name)).start()

        async def has_come_there_again() -> bool:
            return len(shop.given) == done + 3  # a, x, b

        await until(has_come_there_again, "the run that was retried has done all but wait", within=60)
        await shop.client.get_workflow_handle(shop.name).terminate()
    assert shop.effects == before
