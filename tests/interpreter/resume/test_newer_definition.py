"""A run that goes on with another definition: what was kept, or has begun, must stand in it as it did."""

from __future__ import annotations

import pytest

from interpreter.program.compiled import compile_program
from interpreter.program.model import Bundle
from interpreter.resume.plan import Plan
from interpreter.resume.planning import build_plan
from tests.interpreter.resume.test_plan import HEAD, Case

OLD = """
steps:
  - {id: a, activity: a, compensate: {activity: undo}}
  - id: block
    steps: [{id: b, activity: b}]
  - {id: c, activity: c}
saga: {on_cancel: ignore}
"""


def plan_with(newer: str, old: str = OLD) -> Plan:
    """Let a run be cancelled in its last step, and plan to go on with another definition."""
    case = Case(old)
    outcome = case.fail(hanging=("c",), cancel_at=5)
    return build_plan(outcome.remains, program=compile_program(Bundle(HEAD + newer)))


def test_steps_may_be_added_behind_and_changed() -> None:
    newer = OLD.replace("{id: c, activity: c}", "{id: c, activity: better}\n  - {id: d, activity: d}")
    plan = plan_with(newer)
    assert plan.refused == []
    assert plan.state is not None
    assert plan.state["frames"][""]["d"] == {"status": "pending"}


@pytest.mark.parametrize(
    ("newer", "why"),
    [
        (OLD.replace("id: b,", "id: other,"), "b: the other definition has no such step"),
        (
            OLD.replace("{id: b, activity: b}", "{id: b, wait: 1s}"),
            "b: it is activity in block, and in the other definition wait in block",
        ),
        (
            OLD.replace(
                "    steps: [{id: b, activity: b}]",
                "    steps: [{id: x, wait: 1s}]\n  - {id: b, activity: b}",
            ),
            "b: it is activity in block, and in the other definition activity",
        ),
        (
            OLD.replace(", compensate: {activity: undo}", ""),
            "a: it is to be undone, and the other definition does so in another way",
        ),
        (
            OLD.replace("compensate: {activity: undo}", "compensate: {steps: [{activity: undo}]}"),
            "a: it is to be undone, and the other definition does so in another way",
        ),
    ],
)
def test_what_was_kept_must_stand_where_it_did(newer: str, why: str) -> None:
    plan = plan_with(newer)
    assert why in plan.refused
    assert plan.state is None


LOOP = """
steps:
  - id: all
    for_each: [1, 2]
    steps: [{id: a, activity: a, compensate: {activity: undo}}]
  - {id: c, activity: c}
saga: {on_cancel: ignore}
"""


def test_what_is_to_be_undone_in_ended_iterations_must_stand_there_too() -> None:
    """Nothing is known any more of the steps of an ended iteration but that they are to be undone."""
    plan = plan_with(
        LOOP.replace("{id: a, activity: a, compensate: {activity: undo}}", "{id: b, wait: 1s}"), LOOP
    )
    assert "a: the other definition has no such step" in plan.refused


def test_what_need_not_be_undone_may_be_undone_in_another_way() -> None:
    """A run that completes its pivot undoes nothing that was done before."""
    old = OLD.replace("{id: b, activity: b}", "{id: b, activity: b, pivot: true}")
    assert plan_with(old.replace(", compensate: {activity: undo}", ""), old).refused == []
