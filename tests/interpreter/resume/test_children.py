"""A step whose child was repaired by itself runs again only if nothing is done a second time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interpreter.predecessor import Predecessor
from interpreter.program.compiled import compile_program
from interpreter.resume.children import Hindrance, list_open_children
from interpreter.resume.earlier_children import explain_start
from interpreter.resume.planning import build_plan
from tests.interpreter.resume.service import Outcome
from tests.interpreter.resume.test_plan import HEAD, NO, OK, Case

REPAIRED = Hindrance(again="it has other keys", anew="it has completed")
USABLE = Hindrance(again=None, anew=None)

ALONE = "steps: [{id: a, activity: a}, {id: ship, child_workflow: {type: Ship}}]"
NAMED = "steps: [{id: a, activity: a}, {id: ship, child_workflow: {type: Ship, workflow_id: mine}}]"
ITEMS = """\
steps:
  - for_each: [x, y]
    id: all
    key: item
    concurrency: 1
    steps: [{id: ship, child_workflow: {type: Ship}}]
"""
UNDONE = """\
steps:
  - {id: ship, child_workflow: {type: Ship}, compensate: {activity: undo, after: attempted}}
"""


def fail(text: str) -> Outcome:
    return Case(text).workflow.execute({"a": OK, "undo": OK, "Ship": NO})


@pytest.mark.parametrize(
    ("text", "child", "step"),
    [
        (ALONE, "run-1/ship", "ship"),
        (NAMED, "mine", "ship"),
        (ITEMS, "run-1/all[x]/ship", "all[0]/ship"),
    ],
    ids=["alone", "named", "item"],
)
def test_the_keys_that_it_had(text: str, child: str, step: str) -> None:
    failed = fail(text)
    assert list_open_children(failed.remains) == [child]
    plan = build_plan(failed.remains, hindrances={child: REPAIRED})
    assert plan.refused == [f"{step}: it has other keys"]
    assert build_plan(failed.remains, hindrances={child: USABLE}).refused == []


def test_the_next_keys() -> None:
    failed = fail(UNDONE)
    plan = build_plan(failed.remains, hindrances={"run-1/ship": REPAIRED})
    assert plan.refused == ["ship: it has completed"]


def test_a_newer_definition_in_which_the_step_calls_no_child() -> None:
    failed = fail(ALONE)
    newer = HEAD + ALONE.replace("child_workflow: {type: Ship}", "activity: ask")
    program = compile_program(newer)
    plan = build_plan(failed.remains, program=program, hindrances={"run-1/ship": REPAIRED})
    assert plan.refused == []


STANDS = Hindrance(again=None, anew="it would be done again", started_with=1)
"""It was repaired by itself, and what it has done stands."""


def test_a_child_that_keeps_its_id_is_begun_anew_if_its_step_was_undone_since_its_last_start() -> None:
    failed = fail(UNDONE.replace("type: Ship", "type: Ship, workflow_id: mine"))
    plan = build_plan(failed.remains, hindrances={"mine": STANDS})
    assert plan.refused == ["ship: it would be done again"]
    plan = build_plan(failed.remains, hindrances={"mine": replace(STANDS, started_with=2)})
    assert plan.refused == []


TOLERATED = """\
steps:
  - for_each: [x, y]
    id: all
    key: item
    concurrency: 1
    collect: failed
    tolerate_failures: 1
    steps: [{id: ship, child_workflow: {type: Ship}}]
"""


@pytest.mark.parametrize(
    ("text", "child", "refused"),
    [
        (TOLERATED, "run-1/all[x]/ship", ["all[x]/ship: it has other keys"]),
        (TOLERATED.replace("Ship}", "Ship, workflow_id: '${ item }'}"), "x", ["all: it has other keys"]),
        (TOLERATED.replace("collect", "dead_letter: letters\n    collect"), "run-1/all[x]/ship", []),
        (ALONE, "run-1/ship#7", ["ship: it has completed"]),
        (ALONE, "run-1/gone", []),
        (
            f"{ALONE}\non_failure: {{steps: [{{id: tell, child_workflow: {{type: Ship}}}}]}}",
            "run-1/tell#7",
            [],
        ),
    ],
    ids=["item", "named-item", "letters", "earlier", "gone", "after-failure"],
)
def test_a_child_that_no_step_shows_any_more(text: str, child: str, refused: list[str]) -> None:
    if "letters" in text:
        text = f"dead_letter_queues: {{letters: {{}}}}\n{text}"
    failed = fail(text)
    assert child not in list_open_children(failed.remains)
    plan = build_plan(failed.remains, hindrances={child: REPAIRED}, despite_cleanup=True)
    assert plan.refused == refused


@pytest.mark.parametrize(
    ("text", "child", "undone", "why"),
    [
        (ALONE, "r/ship", {}, "it has other keys"),
        (ALONE, "r/ship", {"a": 1}, "it has other keys"),
        (ALONE, "r/ship", {"ship": 1}, "it has completed"),
        (ALONE, "r/ship#2", {"ship": 1}, "it has other keys"),
        (ITEMS, "r/all[x]/ship", {"all[x]/ship": 1}, "it has completed"),
        (ITEMS, "r/all[x]/ship", {"all[y]/ship": 1}, "it has other keys"),
        (ITEMS, "r/all[x]/ship", {"all": 1}, "it has completed"),
        (NAMED, "mine", {"a": 1}, "it has other keys"),
        (NAMED, "mine", {"ship": 1}, "it has completed"),
    ],
)
def test_a_run_that_begins_again(text: str, child: str, undone: dict[str, int], why: str) -> None:
    program = compile_program(HEAD + text)
    assert explain_start(program, "r", Predecessor(undone=undone), (child, REPAIRED)) == why
