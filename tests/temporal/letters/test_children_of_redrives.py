"""A redrive of a step that calls a child, on a real server: no effect of the child comes twice."""

from __future__ import annotations

import pytest
from temporalio.client import Client, WorkflowFailureError

from interpreter.letters.status import LetterStatus
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.repair.retry import plan_retry
from tests.support.waiting import until
from tests.temporal.letters.test_repaired_runs import Shop
from tests.temporal.test_children_run_again import SHIP

ALONE = f"""
{SHIP}
steps:
  - {{id: ship, child_workflow: ship, dead_letter: {{queue: QUEUE, then: continue}}}}
"""
WHOLE = f"""
{SHIP}
steps:
  - {{id: first, activity: do, args: [first], compensate: {{activity: undo, args: ["${{ result }}"]}}}}
  - {{id: ship, child_workflow: ship, dead_letter: QUEUE}}
"""
ITEMS = f"""
{SHIP}
steps:
  - id: all
    for_each: [x, y]
    key: item
    dead_letter: QUEUE
    steps: [{{id: ship, child_workflow: ship}}]
"""
STEPS = {
    "alone": (ALONE, "ship", "ship"),
    "whole": (WHOLE, "ship", "ship"),
    "item": (ITEMS, "all[x]", "all[x]/ship"),
}


@pytest.fixture
def shop(client: Client, task_queue: str) -> Shop:
    return Shop(client, task_queue)


async def redrive_in_vain(shop: Shop, step: str, *down: str) -> None:
    shop.down = set(down)
    with pytest.raises(LetterProblem, match="the service is down"):
        await shop.letter(step).redrive("too early")
    await until(lambda: _is_open(shop, step), "the letter is open again")


async def _is_open(shop: Shop, step: str) -> bool:
    return await shop.status(step) is LetterStatus.OPEN


def list_done(shop: Shop) -> list[str]:
    return sorted(shop.effects.values())


@pytest.mark.parametrize(("text", "letter", "child"), STEPS.values(), ids=STEPS)
async def test_the_child_was_repaired_by_itself(shop: Shop, text: str, letter: str, child: str) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(text.replace("[x, y]", "[x]"))
        assert "/first" not in shop.effects
        shop.down = set()
        await (await (await plan_retry(shop.client, f"{shop.name}/{child}")).start()).result()
        done = dict(shop.effects)
        with pytest.raises(LetterProblem, match="was repaired by itself and has completed"):
            await shop.letter(letter).redrive("repaired")
    assert shop.effects == done


@pytest.mark.parametrize(("text", "letter", "child"), STEPS.values(), ids=STEPS)
async def test_the_child_has_left_something_and_fails_before_its_pivot_then(
    shop: Shop, text: str, letter: str, child: str
) -> None:
    shop.down = {"d"}
    async with shop.worker():
        await shop.run(text.replace("[x, y]", "[x]").replace("args: [b]", "args: [b], pivot: true"))
        assert f"/{child}/b" in shop.effects
        await redrive_in_vain(shop, letter, "b")
        assert f"/{child}/a" in shop.undone
        shop.down = set()
        await shop.letter(letter).redrive("repaired")
    assert [each for each in list_done(shop) if each != "first"] == ["a", "b", "c", "d"]
    assert shop.refused == []


async def test_a_child_that_has_begun_under_its_next_id_in_a_redrive(shop: Shop) -> None:
    shop.down = {"b"}
    async with shop.worker():
        await shop.run(ALONE.replace("args: [c]", "args: [c], pivot: true"))
        assert shop.undone == {"/ship/a"}
        await redrive_in_vain(shop, "ship", "d")
        assert {"/ship#2/a", "/ship#2/c"} <= shop.effects.keys()
        await redrive_in_vain(shop, "ship", "b")
        assert "/ship#2/a" in shop.undone
        shop.down = set()
        await shop.letter("ship").redrive("repaired")
    assert list_done(shop) == ["a", "b", "c", "d"]
    assert shop.refused == []


async def test_a_retry_knows_of_the_child_of_a_redrive(shop: Shop) -> None:
    text = f"{ALONE}  - {{id: last, activity: do, args: [last]}}\n"
    shop.down = {"b", "last"}
    async with shop.worker():
        await shop.run(text)
        await redrive_in_vain(shop, "ship", "b")
        shop.down = set()
        again = await (await plan_retry(shop.client, shop.name)).start()
        try:
            await again.result()
        except WorkflowFailureError as failed:
            pytest.fail(str(failed.cause))
    assert list_done(shop) == ["a", "b", "c", "d", "last"]
