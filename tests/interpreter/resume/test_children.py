"""A step whose child was repaired by itself runs again only if nothing is done a second time."""

from __future__ import annotations

import pytest

from interpreter.program.compiled import compile_program
from interpreter.resume.children import Children, RepairedChild, list_open_children
from interpreter.resume.planning import build_plan
from tests.interpreter.resume.service import Outcome
from tests.interpreter.resume.test_plan import HEAD, NO, OK, Case

REPAIRED = RepairedChild(again="it has other keys", anew="it has completed")
USABLE = RepairedChild(again=None, anew=None)

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
    plan = build_plan(failed.remains, children=Children(repaired={child: REPAIRED}))
    assert plan.refused == [f"{step}: it has other keys"]
    assert build_plan(failed.remains, children=Children(repaired={child: USABLE})).refused == []
    assert build_plan(failed.remains, children=Children(unusable={child: "it runs"})).refused == [
        f"{step}: it runs"
    ]


def test_the_next_keys() -> None:
    failed = fail(UNDONE)
    plan = build_plan(failed.remains, children=Children(repaired={"run-1/ship": REPAIRED}))
    assert plan.refused == ["ship: it has completed"]


def test_a_newer_definition_in_which_the_step_calls_no_child() -> None:
    failed = fail(ALONE)
    newer = HEAD + ALONE.replace("child_workflow: {type: Ship}", "activity: ask")
    program = compile_program(newer)
    plan = build_plan(failed.remains, program=program, children=Children(repaired={"run-1/ship": REPAIRED}))
    assert plan.refused == []
