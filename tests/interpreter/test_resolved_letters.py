"""A letter is resolved by the run that has done what had failed: it was resumed, or has tried it again itself."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dsl.model.dead_letters import DATABASE_ACTIVITY, DATABASE_TELL_ACTIVITY
from interpreter.effects import LetterAddress
from interpreter.failure.failure import StepFailed
from interpreter.letters.orders import Order
from interpreter.letters.told_letters import RESOLVE_LETTERS
from interpreter.lifecycle import execute
from interpreter.messages.compensation_orders import apply_order
from interpreter.program.compiled import compile_program
from interpreter.resume.planning import build_plan
from interpreter.state.run import Run
from tests.interpreter.redriving import HEAD as BUILT_IN
from tests.interpreter.redriving import run_source
from tests.interpreter.resume.test_plan import HEAD, OK, Case
from tests.support.fake_effects import FakeEffects
from tests.support.script import Script
from tests.support.virtual_time import run_in_virtual_time

QUEUES = "dead_letter_queues: {kept: {}, elsewhere: {activity: keep}}\n"
FAIL: dict[str, Any] = {"fail": {"type": "Down", "message": "no stock"}}


def resolved(run: Run) -> list[str]:
    """The keys of the letters that a run has resolved, without its workflow id."""
    assert isinstance(run.effects, FakeEffects)
    return [letter.key.partition("/")[2] for letter, _ in run.effects.resolved]


STEPS = """\
steps:
  - {id: a, activity: a, dead_letter: {queue: kept, then: continue}}
  - {id: b, activity: b, dead_letter: kept}
  - {id: c, activity: c}
"""


@pytest.mark.parametrize("many_runs", [False, True])
def test_a_resumed_run_resolves_the_letter_of_what_it_has_done_and_of_nothing_else(many_runs: bool) -> None:
    case = Case(QUEUES + STEPS)
    plan = build_plan(case.fail("a", "b", many_runs=many_runs).remains)
    assert plan.notes == [
        "these dead letters are resolved once this run has done what had failed: run-1/b",
        "these dead letters stay where they are: run-1/a",
    ]
    ended = case.workflow.execute(dict.fromkeys(case.names, OK), state=plan.state, many_runs=many_runs)
    assert resolved(ended.run) == ["b"], "a is kept as it is: nobody has done it"
    assert ended.status == "completed"
    assert list(ended.run.letters) == [LetterAddress("kept", "run-1/a")], "it is told once"


def test_letters_inside_of_what_is_kept_stay() -> None:
    """Nobody does again what stands inside a loop or a block that is kept, or in an iteration that is over."""
    case = Case(
        QUEUES
        + """\
steps:
  - for_each: [1, 2]
    id: all
    tolerate_failures: 2
    dead_letter: kept
    steps: [{id: x, activity: x}]
  - for_each: [1, 2]
    id: all2
    steps: [{id: y, activity: y, dead_letter: {queue: kept, then: continue}}]
  - id: block
    steps: [{id: z, activity: z, dead_letter: {queue: kept, then: continue}}]
  - for_each: [1, 2]
    id: again
    concurrency: 1
    steps:
      - {id: v, activity: v, dead_letter: {queue: kept, then: continue}}
      - {id: w, when: "${ item == 2 }", activity: w, dead_letter: kept}
"""
    )
    plan = build_plan(case.fail("x", "y", "z", "v", "w").remains)
    kept = ("all[0]", "all[1]", "all2[0]/y", "all2[1]/y", "z", "again[0]/v", "again[1]/v")
    assert plan.notes == [
        "these dead letters are resolved once this run has done what had failed: run-1/again[1]/w",
        f"these dead letters stay where they are: {', '.join(f'run-1/{path}' for path in kept)}",
    ]


def test_a_run_that_is_resumed_twice_still_knows_the_letters_of_the_first_one() -> None:
    case = Case(QUEUES + STEPS.replace("  - {id: b,", "  - {id: first, activity: first}\n  - {id: b,"))
    plan = build_plan(case.fail("b").remains)
    again = case.workflow.execute(dict.fromkeys(case.names, OK) | {"b": [FAIL]}, state=plan.state)
    assert (again.status, resolved(again.run)) == ("failed", [])
    _, ended = case.resume(again)
    assert (ended.status, resolved(ended.run)) == ("completed", ["b"])


def test_what_was_undone_and_is_done_again_has_another_key_and_the_same_letter() -> None:
    text = "steps: [{id: b, activity: b, dead_letter: kept, compensate: {activity: undo, after: attempted}}]"
    case = Case(QUEUES + text)
    failed = case.fail(retryable=["b"])
    calls, ended = case.resume(failed)
    assert (calls, resolved(ended.run)) == (["b#2"], ["b"])


def test_a_letter_that_was_written_while_a_run_was_cleaned_up() -> None:
    """What cleans up is done anew by the resumed run, under its own key."""
    text = "steps: [{id: c, activity: c}]\nfinally: [{id: last, activity: last, dead_letter: kept}]"
    case = Case(QUEUES + text)
    _, ended = case.resume(case.fail("c", "last"))
    assert resolved(ended.run) == ["last"]


def test_a_queue_of_an_activity_can_not_be_told() -> None:
    case = Case(QUEUES + "steps: [{id: b, activity: b, dead_letter: elsewhere}]")
    case.names.add("keep")
    failed = case.fail("b")
    assert build_plan(failed.remains).notes == ["these dead letters stay where they are: run-1/b"]
    calls, ended = case.resume(failed)
    assert (calls, ended.status, resolved(ended.run)) == (["b"], "completed", [])
    assert [*ended.run.further_errors] == [], "nobody has tried to tell it something"


def test_a_newer_definition_without_the_queue() -> None:
    """Nobody knows where the letter is any more; to tell a built-in one that is not there does no harm."""
    case = Case(QUEUES + STEPS)
    newer = compile_program(
        HEAD + STEPS.replace(", dead_letter: kept", "").replace("kept", "elsewhere") + QUEUES
    )
    failed = case.fail("b")
    plan = build_plan(failed.remains, program=newer)
    assert plan.refused == []
    case.workflow.program = newer
    ended = case.workflow.execute(dict.fromkeys(case.names, OK), state=plan.state)
    assert (ended.status, resolved(ended.run)) == ("completed", ["b"])


BLOCK = """
steps:
  - id: block
    retry: {initial_interval: 1s, maximum_attempts: 3}
    steps:
      - {id: a, activity: a, dead_letter: kept}
      - id: all
        for_each: "${ ['x', 'y'] }"
        key: item
        dead_letter: kept
        steps: [{id: one, activity: one, args: ["${ item }"]}]
      - {id: last, activity: last}
"""


@pytest.mark.parametrize("in_many_runs", [False, True])
def test_a_block_that_is_tried_again_resolves_what_its_first_attempt_has_written(in_many_runs: bool) -> None:
    ran = {"a": [FAIL, {}], "one": [FAIL, {}], "last": [FAIL, {}]}
    source = run_source(BLOCK, ran, force_continue_as_new=in_many_runs, repaired_by="resumed by ann: at last")
    assert source.run.status == "completed"
    assert resolved(source.run) == ["a", "all[x]"]
    _, message = source.effects.resolved[0]
    order = Order.from_json(message)
    assert (order.by, order.is_fact) == ("the run wf", True)
    assert order.reason == "it was done in the run run-1-1, resumed by ann: at last"


def test_a_run_in_which_nothing_is_tried_again_resolves_nothing() -> None:
    source = run_source(BLOCK.replace("maximum_attempts: 3", "maximum_attempts: 1"), {"a": [FAIL]})
    assert (len(source.records), resolved(source.run)) == (1, [])
    source = run_source(BLOCK, {"a": [FAIL], "one": [{}], "last": [{}]})
    assert (len(source.records), resolved(source.run)) == (3, [])


def test_a_run_that_was_here_before_on_an_earlier_release_does_as_that_did() -> None:
    """Otherwise its history could not be replayed."""
    ran: dict[str, Any] = {"a": [FAIL, {}], "one": [{}], "last": [{}]}
    source = run_source(BLOCK, ran, unknown=frozenset({RESOLVE_LETTERS}))
    assert (source.run.status, resolved(source.run)) == ("completed", [])


def test_what_is_resolved_hears_nothing_of_the_end_of_the_run() -> None:
    text = BLOCK.replace("activity: a,", "activity: a, compensate: {activity: undo, after: attempted},")
    source = run_source(text, {"a": [FAIL, {}], "one": [{}], "last": [FAIL], "undo": [{}]})
    assert source.run.status == "failed"
    assert (resolved(source.run)[0], source.effects.told) == ("a", [])


DATABASE = f"dead_letter_queues: {{kept: {{activity: {DATABASE_ACTIVITY}}}}}"


@pytest.mark.parametrize("is_down", [False, True])
def test_letters_in_the_database_are_told_by_its_activity(
    is_down: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = BUILT_IN.replace("dead_letter_queues: {kept: {}}", DATABASE)
    monkeypatch.setattr("tests.interpreter.redriving.HEAD", head)
    told = [{"fail": {"type": "Full", "non_retryable": True}}] if is_down else [{}]
    ran: dict[str, Any] = {"a": [FAIL, {}], "one": [{}], "last": [{}]}
    ran |= {DATABASE_ACTIVITY: [{}], DATABASE_TELL_ACTIVITY: told}
    source = run_source(BLOCK, ran)
    assert source.run.status == "completed", "that a letter can't be told fails nothing"
    ((message,),) = source.get_arguments(DATABASE_TELL_ACTIVITY)
    assert (message["queue"], message["keys"]) == ("kept", ["wf/a"])
    assert Order.from_json(message["order"]).is_fact
    assert [each.type for each in source.run.further_errors] == (["Full"] if is_down else [])


def test_a_compensation_that_is_tried_again_on_order_resolves_its_letter() -> None:
    text = """
saga: {dead_letter: kept, retry: {maximum_attempts: 1}, continue_on_error: true}
steps:
  - {id: slow, activity: make, compensate: {activity: undo_slowly}}
  - {id: a, activity: make, compensate: {activity: undo}}
  - {id: last, activity: last}
"""
    ran: dict[str, Any] = {"make": [{}], "undo": [FAIL, {}], "undo_slowly": [{"takes": "5s"}], "last": [FAIL]}
    effects = FakeEffects(Script(ran).activities(), workflow_id="wf")
    run = Run(compile_program(BUILT_IN + text), effects)

    async def repair_meanwhile() -> None:
        work = asyncio.ensure_future(execute(run))
        await effects.shown["slow.compensate"].wait()
        await apply_order(run, "retry", [{"step": "a", "by": "ann", "reason": "repaired"}])
        with pytest.raises(StepFailed):
            await work

    run_in_virtual_time(repair_meanwhile())
    assert list(effects.letters) == [LetterAddress("kept", "wf/a.compensate")]
    assert [each["status"] for each in run.compensations] == ["completed", "completed"]
    assert resolved(run) == ["a.compensate"]
