"""A child that was repaired by itself, and its parent on a real server: no effect comes twice under two keys."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from dsl.reading.reader import read_text
from interpreter.program.model import Bundle
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.repair.resume import Resumption, plan_resume
from interpreter.temporal.repair.retry import Retry, plan_retry
from stepfile import prepare, start
from tests.support.waiting import until
from tests.temporal.letters.test_repaired_runs import HEAD, Shop

SHIP = """
definitions:
  ship:
    dsl: "1"
    name: ship
    defaults: {timeouts: {start_to_close: 20s}, retry: {maximum_attempts: 1}}
    steps:
      - {id: a, activity: do, args: [a], compensate: {activity: undo, args: ["${ result }"]}}
      - {id: b, activity: do, args: [b]}
"""
FAMILY = f"""
{SHIP}
steps:
  - {{id: first, activity: do, args: [first], compensate: {{activity: undo, args: ["${{ result }}"]}}}}
  - {{id: ship, child_workflow: {{definition: ship}}}}
"""
OWN_ID = FAMILY.replace("definition: ship}", "definition: ship, workflow_id: 'OWN'}")
PIVOT = FAMILY.replace("args: [a]", "pivot: true, args: [a]")
CAUGHT = f"""
{SHIP.replace("args: [a]", "pivot: true, args: [a]")}
steps:
  - id: block
    retry: {{initial_interval: 1s, maximum_attempts: 2}}
    steps:
      - {{id: first, activity: do, args: [first], compensate: {{activity: undo, args: ["${{ result }}"]}}}}
      - {{id: ship, child_workflow: ship, catch: [{{errors: [Any], result: 1}}]}}
      - {{id: last, activity: do, args: [last]}}
"""
KEPT = '{id: kept, activity: do, args: [kept], compensate: {activity: undo, args: ["${ result }"]}}'
PARTLY = FAMILY.replace("- {id: b,", f"- {KEPT}\n      - {{id: b,").replace(
    "    steps:", "    saga: {retry: {maximum_attempts: 1}}\n    steps:"
)
LATER = FAMILY.replace(
    "args: [b]}", "args: [b]}\n      - {id: c, activity: do, args: [c], pivot: true}\n      - LAST"
)
ITEMS = f"""
{SHIP}
steps:
  - id: all
    for_each: [x, y]
    key: item
    collect: failed
    tolerate_failures: 1
    steps: [{{id: ship, child_workflow: {{definition: ship}}}}]
"""
THREE = f"""
{SHIP}
  carry:
    dsl: "1"
    name: carry
    steps: [{{id: ship, child_workflow: {{definition: ship}}}}]
steps:
  - {{id: carry, child_workflow: {{definition: carry}}}}
"""


Plan = Callable[[Client, str], Awaitable[Resumption | Retry]]


@pytest.fixture
def shop(client: Client, task_queue: str) -> Shop:
    return Shop(client, task_queue)


async def retry(shop: Shop, child: str) -> None:
    """Run a child again by itself, to its end."""
    run = await (await plan_retry(shop.client, f"{shop.name}/{child}")).start()
    with suppress(WorkflowFailureError):
        await run.result()


async def cancel_repaired(shop: Shop, after: str) -> None:
    """Run the child again by itself, and cancel it once it has done something."""
    run = await (await plan_retry(shop.client, f"{shop.name}/ship")).start()

    async def has_done_it() -> bool:
        return after in shop.effects

    await until(has_done_it, f"the child has done {after}")
    await run.cancel()
    with suppress(WorkflowFailureError):
        await run.result()


async def refuse_parent(shop: Shop, child: str) -> None:
    """Expect that the parent is neither resumed nor retried, and nothing is done."""
    before = dict(shop.effects), set(shop.undone)
    for plan in (plan_resume, plan_retry):
        with pytest.raises(TemporalProblem, match=r"was repaired by itself and (has|was) ") as refused:
            await (await plan(shop.client, shop.name)).start()
        assert f'"{shop.name}/{child}"' in refused.value.message
    assert before == (shop.effects, shop.undone)


@pytest.mark.parametrize("plan", [plan_resume, plan_retry])
async def test_a_child_that_keeps_its_id_and_has_used_the_next_keys_gets_the_ones_after(
    shop: Shop, plan: Plan
) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(OWN_ID.replace("OWN", f"{shop.name}/own"))
        await retry(shop, "own")
        assert {"/own/a", "/own/a#2"} < shop.undone
        shop.down = set()
        await (await (await plan(shop.client, shop.name)).start()).result()
    assert shop.effects == {"/first#2": "first", "/own/a#3": "a", "/own/b": "b"}


async def test_a_child_that_keeps_its_id_and_stands(shop: Shop) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(OWN_ID.replace("OWN", f"{shop.name}/own"))
        shop.down = set()
        await retry(shop, "own")
        assert {"/own/a#2", "/own/b"} == shop.effects.keys()
        await refuse_parent(shop, "own")


async def test_a_child_that_has_failed_after_its_pivot_has_left_something(shop: Shop) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(LATER.replace("LAST", "{id: d, activity: do, args: [d]}"))
        assert "/ship/a" in shop.undone
        shop.down = {"d"}
        await retry(shop, "ship")
        assert "/ship/a#2" in shop.effects
        shop.down = set()
        await refuse_parent(shop, "ship")


async def test_a_child_that_was_cancelled_after_its_pivot_has_left_something(shop: Shop) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(LATER.replace("LAST", "{id: d, wait: 1h}"))
        shop.down = set()
        await cancel_repaired(shop, after="/ship/c")
        assert "/ship/a#2" in shop.effects
        await refuse_parent(shop, "ship")


async def test_a_child_that_was_cancelled_and_has_undone_all_is_run_again(shop: Shop) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(FAMILY.replace("- {id: b,", "- {wait: 4s}\n      - {id: b,"))
        shop.down = set()
        await cancel_repaired(shop, after="/ship/a#2")
        assert "/ship/a#2" in shop.undone
        resumed = await (await plan_resume(shop.client, shop.name)).start()
        await resumed.result()
    assert shop.effects == {"/first#2": "first", "/ship#2/a": "a", "/ship#2/b": "b"}


async def test_the_child_of_a_parent_that_was_resumed_since(shop: Shop) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(FAMILY)
        resumed = await (await plan_resume(shop.client, shop.name)).start()
        with suppress(WorkflowFailureError):
            await resumed.result()
        shop.down = set()
        await retry(shop, "ship")
        await refuse_parent(shop, "ship")


async def test_the_child_of_an_item_that_is_over(shop: Shop) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(ITEMS)
        shop.down = set()
        await retry(shop, "all[x]/ship")
        await refuse_parent(shop, "all[x]/ship")


async def test_the_child_of_a_child(shop: Shop) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(THREE)
        shop.down = set()
        await retry(shop, "carry/ship")
        await refuse_parent(shop, "carry/ship")


@pytest.mark.parametrize("plan", [plan_resume, plan_retry])
async def test_a_child_whose_step_was_not_undone_although_others_were(shop: Shop, plan: Plan) -> None:
    text = FAMILY.replace("- {id: b,", "- {wait: 1s}\n      - {id: b,")
    async with shop.worker():
        running = asyncio.create_task(shop.run(text))

        async def has_begun() -> bool:
            return "/ship/a" in shop.effects

        await until(has_begun, "the child has done its first step")
        await shop.client.get_workflow_handle(f"{shop.name}/ship").terminate()
        await running
        assert shop.undone == {"/first"}
        shop.down = {"b"}
        await retry(shop, "ship")
        assert shop.undone == {"/first", "/ship/a"}
        shop.down = set()
        await (await (await plan(shop.client, shop.name)).start()).result()
    assert shop.effects == {"/first#2": "first", "/ship/a#2": "a", "/ship/b": "b"}


async def test_a_child_that_has_failed_after_its_pivot_goes_on_with_its_keys(shop: Shop) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(PIVOT)
        assert shop.undone == {"/first"}
        shop.down = set()
        resumed = await (await plan_resume(shop.client, shop.name)).start()
        await resumed.result()
    assert shop.effects == {"/first#2": "first", "/ship/a": "a", "/ship/b": "b"}


async def test_what_a_child_has_left_is_forgotten_once_it_has_gone_on(shop: Shop) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(f"{PIVOT}  - {{id: last, activity: do, args: [last]}}\n")
        shop.down = {"last"}
        resumed = await (await plan_resume(shop.client, shop.name)).start()
        with pytest.raises(WorkflowFailureError) as failed:
            await resumed.result()
    assert isinstance(failed.value.cause, ApplicationError)
    report = failed.value.cause.details[0]
    assert [each["step"] for each in report["compensations"]] == ["first"]


async def test_what_a_child_has_left_stays_under_its_key_when_it_goes_on_in_vain(shop: Shop) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(PIVOT)
        shop.down = {"a"}
        resumed = await (await plan_resume(shop.client, shop.name)).start()
        with suppress(WorkflowFailureError):
            await resumed.result()
        assert shop.effects == {"/ship/a": "a"}
        shop.down = set()
        resumed = await (await plan_resume(shop.client, shop.name)).start()
        await resumed.result()
    assert shop.effects == {"/first#3": "first", "/ship/a": "a", "/ship/b": "b"}


async def test_a_block_that_was_undone_and_not_tried_again_because_of_what_a_child_has_left(
    shop: Shop,
) -> None:
    shop.down = {"b", "last"}
    async with shop.worker():
        await shop.run(CAUGHT)
        assert (shop.effects, shop.undone) == ({"/ship/a": "a"}, {"/first"})
        shop.down = set()
        resumed = await (await plan_resume(shop.client, shop.name)).start()
        await resumed.result()
        snapshot = await RunHandle.find(shop.client, shop.name).take_snapshot()
    assert shop.effects == {"/first#2": "first", "/ship/a": "a", "/ship/b": "b", "/last": "last"}
    assert snapshot.progress is not None
    assert [each["step"] for each in snapshot.progress["compensations"]] == ["first"]


async def test_a_newer_definition_without_the_step_of_a_child_that_has_left_something(shop: Shop) -> None:
    text = f"{ITEMS.replace('args: [a]', 'pivot: true, args: [a]')}  - {{id: last, activity: do, args: [last]}}\n"
    shop.down = {"b", "last"}
    async with shop.worker():
        await shop.run(text)
        newer = Bundle(
            (HEAD + text).replace("QUEUE", shop.queue).replace("id: ship, child", "id: send, child")
        )
        planned = await plan_resume(shop.client, shop.name, bundle=newer)
    assert planned.plan.refused == ["ship: the other definition has no such step"]


@pytest.mark.parametrize("plan", [plan_resume, plan_retry])
async def test_a_child_that_has_undone_a_part_does_only_that_with_new_keys(shop: Shop, plan: Plan) -> None:
    shop.down = {"b", "undo kept"}
    async with shop.worker():
        await shop.run(PARTLY)
        assert shop.undone == {"/first", "/ship/a"}
        assert shop.effects == {"/ship/kept": "kept"}
        shop.down = set()
        await (await (await plan(shop.client, shop.name)).start()).result()
    assert shop.effects == {"/first#2": "first", "/ship/a#2": "a", "/ship/kept": "kept", "/ship/b": "b"}


async def test_a_child_that_was_to_undo_does_not_keep_a_run_from_its_beginning(shop: Shop) -> None:
    text = FAMILY.replace(
        "{id: ship, child_workflow: {definition: ship}}",
        "{id: sent, activity: do, args: [sent], compensate: {child_workflow: ship}}",
    )
    shop.down = {"b", "last"}
    async with shop.worker():
        await shop.run(f"{text}  - {{id: last, activity: do, args: [last]}}\n")
        assert "/sent.compensate/a" in shop.undone
        shop.down = set()
        again = await (await plan_retry(shop.client, shop.name)).start()
        await again.result()
    assert shop.effects == {"/first#2": "first", "/sent": "sent", "/last": "last"}


async def test_so_it_does_if_its_step_runs_again_because_of_its_error_handling(shop: Shop) -> None:
    caught = "{errors: [Any], steps: [" + KEPT.replace("kept", "x") + "]}"
    text = PARTLY.replace("ship}}", f"ship}}, catch: [{caught}]}}")
    shop.down = {"b", "undo kept", "last"}
    async with shop.worker():
        await shop.run(f"{text}  - {{id: last, activity: do, args: [last]}}\n")
        assert {"/ship/a", "/x"} <= shop.undone
        shop.down = set()
        await (await (await plan_resume(shop.client, shop.name)).start()).result()
    effects = {"/first#2": "first", "/ship/a#2": "a", "/ship/kept": "kept", "/ship/b": "b", "/last": "last"}
    assert shop.effects == effects


async def test_a_child_that_has_undone_nothing_goes_on_with_its_keys_and_so_does_its_own_child(
    shop: Shop,
) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(THREE.replace("args: [a]", "pivot: true, args: [a]"))
        shop.down = set()
        resumed = await (await plan_resume(shop.client, shop.name)).start()
        await resumed.result()
    assert shop.effects == {"/carry/ship/a": "a", "/carry/ship/b": "b"}


async def test_two_runs_that_were_children_of_each_other(shop: Shop) -> None:
    other = f"{shop.name}-other"
    text = HEAD.replace("{QUEUE: {}}", "{}") + OWN_ID.replace("OWN", "${ input.items[0] }")
    shop.down = {"b"}
    async with shop.worker():
        for workflow_id, child in ((shop.name, other), (other, shop.name)):
            submission = prepare(read_text(text), {"items": [child]})
            run = await start(shop.client, submission, workflow_id=workflow_id, task_queue=shop.name)
            with pytest.raises(WorkflowFailureError):
                await run.result()
        planned = await plan_retry(shop.client, other)
    assert planned.notes == []
