"""Children that a run starts again know what was undone of their work before, on a real server."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from temporalio.client import Client, WorkflowFailureError

from interpreter.program.model import Bundle
from interpreter.temporal.client.predecessor import find_predecessor
from interpreter.temporal.repair.resume import plan_resume
from interpreter.temporal.repair.retry import plan_retry
from tests.support.resets import list_tasks, reset
from tests.support.waiting import until
from tests.temporal.letters.test_repaired_runs import HEAD, Shop

SHIP = """
definitions:
  ship:
    dsl: "1"
    name: ship
    defaults: {timeouts: {start_to_close: 20s}, retry: {maximum_attempts: 1}}
    saga: {retry: {maximum_attempts: 1}}
    steps:
      - {id: a, activity: do, args: [a], compensate: {activity: undo, args: ["${ result }"]}}
      - {id: b, activity: do, args: [b]}
      - {id: c, activity: do, args: [c], compensate: {activity: undo, args: ["${ result }"]}}
      - {id: d, activity: do, args: [d]}
"""
FAMILY = f"""
{SHIP}
steps:
  - {{id: first, activity: do, args: [first], compensate: {{activity: undo, args: ["${{ result }}"]}}}}
  - {{id: ship, child_workflow: {{definition: ship}}}}
  - {{id: last, activity: do, args: [last]}}
"""
BLOCK = f"""
{SHIP}
steps:
  - id: block
    retry: {{initial_interval: 1s, maximum_attempts: 3}}
    steps:
      - {{id: first, activity: do, args: [first], compensate: {{activity: undo, args: ["${{ result }}"]}}}}
      - {{id: ship, child_workflow: {{definition: ship}}}}
      - {{id: last, activity: do, args: [last]}}
"""
PIVOT = FAMILY.replace("args: [b]", "args: [b], pivot: true")
ALL = ["a", "b", "c", "d", "first", "last"]


@pytest.fixture
def shop(client: Client, task_queue: str) -> Shop:
    return Shop(client, task_queue)


async def retry(shop: Shop, *down: str) -> None:
    """Run the run again, to its end, while some services are down."""
    shop.down = set(down)
    run = await (await plan_retry(shop.client, shop.name)).start()
    with suppress(WorkflowFailureError):
        await run.result()


async def resume(shop: Shop, *down: str) -> None:
    """Let the run go on, to its end, while some services are down."""
    shop.down = set(down)
    run = await (await plan_resume(shop.client, shop.name)).start()
    with suppress(WorkflowFailureError):
        await run.result()


REPAIRS = {"retry": retry, "resume": resume}


@pytest.mark.parametrize("how", REPAIRS)
async def test_a_child_that_has_left_something_and_then_fails_before_its_pivot(shop: Shop, how: str) -> None:
    repair = REPAIRS[how]
    async with shop.worker():
        shop.down = {"d"}
        await shop.run(PIVOT)
        assert sorted(shop.effects.values()) == ["a", "b", "c"]
        await repair(shop, "b")
        assert "/ship/a" in shop.undone
        await repair(shop)
    assert sorted(shop.effects.values()) == ALL
    assert shop.effects.keys() >= {"/ship/a#2", "/ship/b", "/ship/c", "/ship/d"}


async def test_a_child_that_had_completed_and_then_fails(shop: Shop) -> None:
    async with shop.worker():
        shop.down = {"last"}
        await shop.run(FAMILY)
        assert sorted(shop.effects.values()) == ["a", "b", "c", "d"]
        await retry(shop, "b")
        assert "/ship/a" in shop.undone
        await retry(shop)
    assert sorted(shop.effects.values()) == ALL
    assert shop.effects.keys() >= {"/ship/a#2", "/ship/b", "/ship/c", "/ship/d"}


WHOLE = """
retry: {initial_interval: 1s, maximum_attempts: 2}
steps:
  - {id: a, activity: do, args: [a], compensate: {activity: undo, args: ["${ result }"]}}
  - {id: b, activity: do, args: [b]}
  - {id: c, activity: do, args: [c], compensate: {activity: undo, args: ["${ result }"]}}
  - {id: d, wait: WAIT}
"""


async def test_the_next_attempt_of_a_whole_run_keeps_the_keys_of_what_an_earlier_run_has_left(
    shop: Shop,
) -> None:
    """The same without children: an attempt undoes what it has done, and not what a run before it has done."""
    async with shop.worker():
        running = asyncio.create_task(shop.run(WHOLE.replace("WAIT", "1h")))

        async def has_come_to_its_end() -> bool:
            return "/c" in shop.effects

        await until(has_come_to_its_end, "the run has done all but wait")
        await shop.client.get_workflow_handle(shop.name).terminate()
        await running
        shop.once = {"b"}
        again = await (await plan_retry(shop.client, shop.name)).start()

        async def has_come_there_again() -> bool:
            return shop.given.count(None) == 7  # a, b, c, then a, then a, b, c

        await until(has_come_there_again, "the second attempt has done all but wait")
        await again.terminate()
        assert shop.effects == {"/a#2": "a", "/b": "b", "/c": "c"}
        before = await find_predecessor(
            shop.client, shop.name, Bundle((HEAD + WHOLE).replace("QUEUE", "q").replace("WAIT", "1h"))
        )
    assert before.undone == {"a": 1}


@pytest.mark.parametrize("how", REPAIRS)
async def test_what_attempts_of_a_whole_run_have_undone_gets_other_keys_when_it_is_repaired(
    shop: Shop, how: str
) -> None:
    """Only the failure of the attempt before tells the last one what that had undone."""
    async with shop.worker():
        shop.down = {"b"}
        await shop.run(WHOLE.replace("WAIT", "1s"))
        assert shop.undone == {"/a", "/a#2"}
        await REPAIRS[how](shop)
    assert shop.effects == {"/a#3": "a", "/b": "b", "/c": "c"}


async def test_the_next_attempt_of_a_child_keeps_the_keys_of_what_an_earlier_run_has_left(shop: Shop) -> None:
    tried = FAMILY.replace("{definition: ship}", "ship, retry: {initial_interval: 1s, maximum_attempts: 2}")
    async with shop.worker():
        shop.down = {"last"}
        await shop.run(tried)
        shop.once = {"b"}
        await retry(shop)
    assert sorted(shop.effects.values()) == ALL
    assert shop.effects.keys() >= {"/ship/a#2", "/ship/b", "/ship/c", "/ship/d"}


async def test_a_child_that_has_stood_since_its_second_attempt(shop: Shop) -> None:
    tried = PIVOT.replace("{definition: ship}", "ship, retry: {initial_interval: 1s, maximum_attempts: 2}")
    async with shop.worker():
        shop.once, shop.down = {"b"}, {"d"}
        await shop.run(tried)
        assert shop.effects.keys() == {"/ship/a#2", "/ship/b", "/ship/c"}
        await resume(shop)
    assert sorted(shop.effects.values()) == ALL
    assert shop.refused == []


async def test_the_next_attempt_of_a_run_keeps_the_keys_of_a_child_that_has_completed(shop: Shop) -> None:
    async with shop.worker():
        shop.once = {"last"}
        await shop.run(f"retry: {{initial_interval: 1s, maximum_attempts: 2}}\n{FAMILY}")
    assert sorted(shop.effects.values()) == ALL
    assert shop.effects.keys() >= {"/first#2", "/ship/a", "/ship/d"}


@pytest.mark.parametrize(
    "text", [f"retry: {{initial_interval: 1s, maximum_attempts: 3}}\n{FAMILY}", BLOCK], ids=["run", "block"]
)
async def test_a_child_that_has_completed_in_one_attempt_and_fails_in_the_next(shop: Shop, text: str) -> None:
    async with shop.worker():
        shop.down = {"last"}
        running = asyncio.create_task(shop.run(text))

        async def has_failed_once() -> bool:
            return "/first" in shop.undone

        await until(has_failed_once, "the first attempt has failed")
        shop.down = {"b"}
        await running
        assert "/ship/a" in shop.undone
        await retry(shop)
    assert sorted(shop.effects.values()) == ALL


@pytest.mark.parametrize("down", [(), ("b",)], ids=["completes", "fails and is retried"])
async def test_a_run_that_was_reset_knows_what_its_children_have_undone_since(
    shop: Shop, down: tuple[str, ...]
) -> None:
    async with shop.worker():
        shop.down = {"last"}
        await shop.run(FAMILY)
        first = shop.client.get_workflow_handle(
            shop.name, run_id=(await shop.client.get_workflow_handle(shop.name).describe()).run_id
        )
        await retry(shop, "b")
        assert "/ship/a" in shop.undone
        shop.down = set(down)
        again = await reset(shop.client, first, (await list_tasks(first))[0])
        with suppress(WorkflowFailureError):
            await again.result()
        if down:
            assert "/ship/a#2" in shop.undone
            await retry(shop)
    assert sorted(shop.effects.values()) == ALL
    assert shop.refused == []


INSIDE = """
definitions:
  inside:
    dsl: "1"
    name: inside
    defaults: {timeouts: {start_to_close: 20s}, retry: {maximum_attempts: 1}}
    saga: {retry: {maximum_attempts: 1}}
    steps:
      - {id: a, activity: do, args: [a], compensate: {activity: undo, args: ["${ result }"]}}
      - {id: b, activity: do, args: [b]}
"""
OWN = (
    INSIDE
    + """\
steps:
  - id: ship
    child_workflow: {definition: inside, workflow_id: "${ run.workflow_id }/own"}
    COMPENSATE
  - {id: last, activity: do, args: [last]}
"""
)
UNDOES = (
    INSIDE
    + """\
steps:
  - id: ship
    activity: do
    args: [ship]
    compensate: COMPENSATE
  - {id: last, activity: do, args: [last]}
"""
)
CALL = "child_workflow: inside"
OWN_CALL = 'child_workflow: {definition: inside, workflow_id: "${ run.workflow_id }/own"}'


async def test_a_child_with_an_id_of_its_own_that_its_step_has_undone_does_all_of_it_anew(shop: Shop) -> None:
    """Its step may have taken back what the child itself can't undo. The service would say that this is done."""
    async with shop.worker():
        shop.down = {"last"}
        await shop.run(OWN.replace("COMPENSATE", "compensate: {activity: undo, args: [ship]}"))
        assert shop.undone == {"/ship"}
        await retry(shop)
    assert shop.effects.keys() == {"/own/a", "/own/b", "/own/a#2", "/own/b#2", "/last"}


async def test_a_child_with_an_id_of_its_own_that_has_undone_itself_keeps_what_it_can_not_undo(
    shop: Shop,
) -> None:
    async with shop.worker():
        shop.down = {"c"}
        more = "{id: b, activity: do, args: [b]}\n      - {id: c, activity: do, args: [c]}"
        text = OWN.replace("    COMPENSATE\n", "").replace("{id: b, activity: do, args: [b]}", more)
        await shop.run(text)
        assert shop.undone == {"/own/a"}
        await retry(shop)
    assert shop.effects.keys() == {"/own/a#2", "/own/b", "/own/c", "/last"}


@pytest.mark.parametrize(
    ("compensate", "first", "second"),
    [
        (f"{{{CALL}}}", "/ship.compensate", "/ship#2.compensate"),
        (f"{{{OWN_CALL}}}", "/own", "/own"),
        (f"{{steps: [{{id: z, {CALL}}}]}}", "/z", "/z#2"),
        (f"{{steps: [{{id: z, {OWN_CALL}}}]}}", "/own", "/own"),
    ],
)
async def test_what_a_child_does_to_undo_a_step_is_done_anew_when_the_step_is_undone_again(
    shop: Shop, compensate: str, first: str, second: str
) -> None:
    """The service would say that it was undone, and it stands."""
    number = "#2" if first == second else ""
    async with shop.worker():
        shop.down = {"last"}
        await shop.run(UNDOES.replace("COMPENSATE", compensate))
        assert shop.effects.keys() == {"/ship", f"{first}/a", f"{first}/b"}
        await retry(shop, "last")
    again = {"/ship#2", f"{second}/a{number}", f"{second}/b{number}"}
    assert shop.effects.keys() == {"/ship", f"{first}/a", f"{first}/b"} | again


async def test_a_redrive_of_what_undoes_a_step_again_has_the_keys_of_that_time(shop: Shop) -> None:
    saga = "saga: {dead_letter: QUEUE, retry: {maximum_attempts: 1}}\n"
    text = saga + UNDOES.lstrip().replace("COMPENSATE", f"{{{OWN_CALL}}}")
    async with shop.worker():
        shop.down = {"last"}
        await shop.run(text)
        await retry(shop, "last", "b")
        assert shop.effects.keys() == {"/ship", "/own/a", "/own/b", "/ship#2"}
        assert shop.undone == {"/own/a#2"}
        shop.down = set()
        await shop.letter("ship.compensate").redrive("repaired")
    assert shop.effects.keys() == {"/ship", "/own/a", "/own/b", "/ship#2", "/own/a#4", "/own/b#2"}
