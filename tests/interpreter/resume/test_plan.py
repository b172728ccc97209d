"""What a resumed run does, and what is refused: one small definition for each."""

from __future__ import annotations

from typing import Any

import pytest

from interpreter.resume.plan import Plan
from interpreter.resume.planning import build_plan
from interpreter.state.patches import InvalidPatch, Patch
from tests.interpreter.resume.service import Outcome, Workflow

HEAD = """\
dsl: "1"
name: case
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
"""
NO = [{"fail": {"type": "No", "non_retryable": True}}]
OK: list[dict[str, Any]] = [{"ok": {"x": 1}}]


class Case:
    """A run that fails where it is told to, and is resumed when nothing fails any more."""

    def __init__(self, text: str, data: Any = None) -> None:
        self.workflow = Workflow.of(HEAD + text, data)
        program = self.workflow.program
        self.names = {node.activity for node in program.nodes.values() if node.activity}

    def fail(self, *activities: str, **options: Any) -> Outcome:
        behaviours = {name: NO if name in activities else OK for name in self.names}
        behaviours |= {name: [{"takes": "1h"}] for name in options.pop("hanging", ())}
        behaviours |= {name: [{"fail": {}}] for name in options.pop("retryable", ())}
        return self.workflow.execute(behaviours, **options)

    def resume(self, outcome: Outcome, **options: Any) -> tuple[list[str], Outcome]:
        """The keys of the calls of the resumed run, and how it has ended."""
        plan = build_plan(outcome.remains, **options)
        assert plan.refused == []
        before = len(self.workflow.service.calls)
        ended = self.workflow.execute(dict.fromkeys(self.names, OK), state=plan.state)
        calls = self.workflow.service.calls[before:]
        return [key.removeprefix("run-1/") for key in calls], ended


def actions(plan: Plan) -> dict[str, str]:
    return {each.step: each.action for each in plan.steps}


def refusal(case: Case, outcome: Outcome, **options: Any) -> str:
    plan = build_plan(outcome.remains, **options)
    assert plan.state is None
    assert plan.refused
    return "\n".join(plan.refused)


def test_a_failed_step_runs_again_under_its_key() -> None:
    case = Case("steps: [{id: a, activity: a}, {id: b, activity: b}, {id: c, activity: c}]")
    failed = case.fail("b")
    assert actions(build_plan(failed.remains)) == {"a": "keep", "b": "run_again", "c": "not_reached"}
    calls, ended = case.resume(failed)
    assert (calls, ended.status) == (["b", "c"], "completed")


def test_what_was_undone_runs_again_under_the_next_key_and_what_was_not_is_kept() -> None:
    case = Case(
        "steps: [{id: a, activity: a, compensate: {activity: undo}}, {id: b, activity: b}, {id: c, activity: c}]"
    )
    failed = case.fail("c")
    assert actions(build_plan(failed.remains)) == {"a": "run_anew", "b": "keep", "c": "run_again"}
    assert case.resume(failed)[0] == ["a#2", "c"]


def test_a_compensation_that_has_failed() -> None:
    case = Case("""\
steps:
  - {id: a, activity: a, compensate: {activity: undo, retry: {maximum_attempts: 1}}}
  - {id: c, activity: c}
""")
    assert "a: its compensation has failed" in refusal(case, case.fail("c", "undo"))


RETRIED = """\
steps:
  - id: block
    retry: {maximum_attempts: 2, initial_interval: 1s}
    steps:
      - {id: a, activity: a, compensate: {activity: undo, retry: {maximum_attempts: 1}}}
      - {id: b, activity: b}
"""


def test_a_compensation_that_has_failed_before_a_block_was_tried_again() -> None:
    case = Case(RETRIED)
    assert "a: its compensation has failed" in refusal(case, case.fail("undo", retryable=["b"]))


def test_a_step_that_fails_and_whose_compensation_has_failed_before_a_block_was_tried_again() -> None:
    case = Case(RETRIED.replace("undo,", "undo, after: attempted,"))
    assert "a: its compensation has failed" in refusal(case, case.fail("undo", retryable=["a"]))


def test_a_caught_step_whose_compensation_has_failed_before_a_block_was_tried_again() -> None:
    """What was undone with it is not kept as if it was still there."""
    case = Case(f"""\
{RETRIED}\
      - id: caught
        activity: caught
        compensate: {{activity: undo_it, after: attempted, retry: {{maximum_attempts: 1}}}}
        catch: [{{result: 1}}]
      - {{id: last, activity: last}}
""")
    failed = case.fail("caught", "undo_it", retryable=["last"])
    assert "caught: its compensation has failed" in refusal(case, failed)


def test_a_deadline_that_ends_a_block_while_it_is_undone_to_be_tried_again() -> None:
    case = Case(RETRIED.replace("block\n", "block\n    timeouts: {deadline: 2s}\n"))
    failed = case.workflow.execute({"a": OK, "b": [{"fail": {}}], "undo": [{"takes": "3s", "ok": 1}]})
    assert failed.error is not None
    assert "not done within 2s" in failed.error
    assert case.resume(failed)[0] == ["a#2", "b"]


def test_a_compensation_that_has_failed_before_an_error_was_caught() -> None:
    """The run has gone on after the block, and nothing inside it runs again."""
    case = Case(f"{RETRIED}    catch: [{{compensate: true}}]\n  - {{id: c, activity: c}}")
    assert case.resume(case.fail("b", "c", "undo"))[0] == ["c"]


def test_a_compensation_that_was_not_tried_leaves_its_step_as_it_is() -> None:
    case = Case("""\
saga: {continue_on_error: false}
steps:
  - {id: a, activity: a, compensate: {activity: undo_a}}
  - {id: b, activity: b, compensate: {activity: undo_b, retry: {maximum_attempts: 1}}}
  - {id: c, activity: c}
""")
    failed = case.fail("c", "undo_b")
    plan = build_plan(failed.remains)
    assert [each.partition(",")[0] for each in plan.refused] == ["b: its compensation has failed"]
    assert actions(plan)["a"] == "keep"


def test_a_run_that_was_ended_while_it_undid() -> None:
    case = Case("steps: [{id: a, activity: a, compensate: {activity: undo}}, {id: c, activity: c}]")
    ended = case.fail("c", hanging=["undo"], kill_at=5)
    assert "a: the run was ended while this step was being undone" in refusal(case, ended)


def test_a_run_that_was_terminated_while_a_step_ran() -> None:
    case = Case("steps: [{id: a, activity: a}, {id: b, activity: b, compensate: {activity: undo}}]")
    ended = case.fail(hanging=["b"], kill_at=5)
    calls, again = case.resume(ended)
    assert (calls, again.status) == (["b"], "completed")
    assert [undo.node.path for undo in again.run.saga.undos] == ["b"], "it is undone once"


def test_a_kept_step_that_has_read_what_was_undone() -> None:
    text = """\
vars: {x: 0}
steps:
  - {id: a, activity: a, compensate: {activity: undo}}
  - {id: s, set: {x: "${ steps.a.result }"}}
  - {id: b, activity: b, args: ["ARG"]}
  - {id: c, activity: c}
"""
    case = Case(text.replace("ARG", "${ vars.x }"))
    found = refusal(case, case.fail("c"))
    assert "s: it is not run again, and has read steps.a, which will be another one" in found
    assert "b: it is not run again, and has read vars.x, which will be another one" in found


def test_its_twin_that_looks_at_no_reads_keeps_what_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run completes, and the effect of `b` is about an effect that is no more."""
    text = """\
steps:
  - {id: a, activity: a, args: ["${ step.key }"], compensate: {activity: undo}}
  - {id: b, activity: b, args: ["${ steps.a.result }"]}
  - {id: c, activity: c}
"""
    case = Case(text)
    failed = case.fail("c")
    assert "b: it is not run again, and has read steps.a" in refusal(case, failed)
    monkeypatch.setattr("interpreter.resume.planning.find_stale_reads", lambda *_: ())
    calls, ended = case.resume(failed)
    assert (calls, ended.status) == (["a#2", "c"], "completed")


def test_a_failure_in_a_clause_of_catch() -> None:
    case = Case("""\
steps:
  - id: a
    activity: a
    catch: [{steps: [{id: mend, activity: mend}, {id: more, activity: more}]}]
""")
    assert "a: it was handling its error (a.catch[0]), and a run can't go on there" in refusal(
        case, case.fail("a", "more")
    )


def test_what_was_caught_is_kept() -> None:
    case = Case("""\
steps:
  - {id: a, activity: a, catch: [{steps: [{id: mend, activity: mend}]}]}
  - {id: c, activity: c}
""")
    assert case.resume(case.fail("a", "c"))[0] == ["c"]


def test_finally_has_run() -> None:
    case = Case("steps: [{id: a, activity: a}, {id: c, activity: c}]\nfinally: [{id: last, activity: last}]")
    failed = case.fail("c")
    assert "finally or on_failure of the run has called last, which may have taken back" in refusal(
        case, failed
    )
    calls, ended = case.resume(failed, despite_cleanup=True)
    assert (calls, ended.status) == (["c", "last"], "completed")


def test_on_failure_has_run_and_nothing_is_kept() -> None:
    case = Case("steps: [{id: c, activity: c}]\non_failure: {steps: [{id: tell, activity: tell}]}")
    assert case.resume(case.fail("c"))[0] == ["c"]


def test_finally_of_a_block_has_run() -> None:
    case = Case("""\
steps:
  - id: block
    steps: [{id: a, activity: a}, {id: c, activity: c}]
    finally: [{id: last, activity: last}]
""")
    failed = case.fail("c")
    assert "block: its finally has run" in refusal(case, failed)
    assert case.resume(failed, despite_cleanup=True)[0] == ["c", "last"]


def test_a_block_around_what_was_undone_goes_on() -> None:
    case = Case("""\
steps:
  - id: block
    steps: [{id: a, activity: a, compensate: {activity: undo}}, {id: b, activity: b}]
  - {id: c, activity: c}
""")
    failed = case.fail("c")
    assert actions(build_plan(failed.remains)) == {
        "block": "go_on",
        "a": "run_anew",
        "b": "keep",
        "c": "run_again",
    }
    assert case.resume(failed)[0] == ["a#2", "c"]


def test_branches() -> None:
    case = Case("""\
steps:
  - id: both
    parallel:
      one: [{id: a, activity: a}, {id: b, activity: b}]
      two: [{id: c, activity: c}, {id: d, activity: d}]
    on_branch_failure: settle
  - {id: last, activity: last, args: ["${ steps.both.result.two.x }"]}
""")
    calls, ended = case.resume(case.fail("b"))
    assert (calls, ended.status) == (["b", "last"], "completed")


def test_all_branches_of_a_race_have_failed() -> None:
    case = Case("""\
steps:
  - race:
      one: [{id: a, activity: a}, {id: b, activity: b}]
      two: [{id: c, activity: c}]
""")
    calls, ended = case.resume(case.fail("b", "c"))
    assert (sorted(calls), ended.status) == (["b", "c"], "completed")


def test_the_case_of_a_switch_stays_the_one() -> None:
    case = Case("""\
vars: {n: 1}
steps:
  - id: which
    switch:
      - {when: vars.n == 1, steps: [{id: n, set: {n: 2}}, {id: a, activity: a}, {id: b, activity: b}]}
      - {default: [{id: other, activity: other}]}
""")
    assert case.resume(case.fail("b"))[0] == ["b"]


ITEMS = """\
input: {type: object, properties: {items: {type: array}}}
steps:
  - id: all
    for_each: input.items
    concurrency: 1
    steps: [{id: a, activity: a, COMPENSATE}, {id: b, activity: b}]
  - {id: c, activity: c}
"""


def test_an_item_that_has_failed_goes_on_and_the_others_follow() -> None:
    case = Case(ITEMS.replace(", COMPENSATE", ""), {"items": [1, 2]})
    calls, ended = case.resume(case.fail("b"))
    assert (calls, ended.status) == (["all[0]/b", "all[1]/a", "all[1]/b", "c"], "completed")


def test_a_loop_whose_items_were_undone_begins_anew() -> None:
    case = Case(ITEMS.replace("COMPENSATE", "compensate: {activity: undo}"), {"items": [1, 2]})
    failed = case.fail("c")
    assert actions(build_plan(failed.remains)) == {"all": "run_anew", "c": "run_again"}
    assert case.resume(failed)[0] == ["all[0]/a#2", "all[0]/b", "all[1]/a#2", "all[1]/b", "c"]


def test_a_loop_that_sets_variables_can_not_begin_anew() -> None:
    text = ITEMS.replace("COMPENSATE", "compensate: {activity: undo}").replace(
        "{id: b, activity: b}", '{id: s, set: {n: "${ vars.n + 1 }"}}'
    )
    case = Case("vars: {n: 0}\n" + text, {"items": [1, 2]})
    assert "all: it would set variables a second time" in refusal(case, case.fail("c"))


def test_more_items_have_failed_than_are_tolerated() -> None:
    case = Case("""\
steps:
  - id: all
    for_each: [1, 2, 3]
    tolerate_failures: 1
    steps: [{id: a, activity: a, args: ["${ item }"]}]
output: ${ steps.all.result.size() }
""")
    calls, ended = case.resume(case.fail("a"))
    assert (calls, ended.status) == (["all[0]/a", "all[1]/a", "all[2]/a"], "completed")


def test_an_iteration_of_a_repeat_goes_on() -> None:
    case = Case("""\
vars: {n: 0}
steps:
  - id: r
    repeat: {while: vars.n < 2, maximum_iterations: 9}
    steps: [{id: s, set: {n: "${ vars.n + 1 }"}}, {id: a, activity: a}]
""")
    calls, ended = case.resume(case.fail("a"))
    assert (calls, ended.run.vars) == (["r[0]/a", "r[1]/a"], {"n": 2})


def test_deadlines_begin_anew() -> None:
    case = Case("""\
timeouts: {deadline: 5s}
steps:
  - id: block
    timeouts: {deadline: 4s}
    steps: [{id: w, wait: 3s}, {id: a, activity: a}]
""")
    failed = case.fail(hanging=["a"])
    assert failed.error is not None
    assert "not done within 4s" in failed.error
    calls, ended = case.resume(failed)
    assert (calls, ended.status) == (["a"], "completed")


def test_messages_that_came_are_there_still_and_what_they_have_set_too() -> None:
    case = Case("""\
signals: {go: {}}
steps:
  - {id: a, activity: a}
  - {id: w, wait_for: {signal: go}}
""")
    calls, ended = case.resume(case.fail("a", signals=(("go", 0.0),)))
    assert (calls, ended.status) == (["a"], "completed")


def test_a_wait_that_has_timed_out_waits_anew() -> None:
    case = Case("signals: {go: {}}\nsteps: [{id: w, wait_for: {signal: go, timeout: 5s}}]")
    failed = case.fail()
    plan = build_plan(failed.remains)
    ended = case.workflow.execute({}, state=plan.state, signals=(("go", 3.0),))
    assert ended.status == "completed"


def test_patched_input_and_variables() -> None:
    case = Case(
        """\
input: {type: object, properties: {amount: {type: integer}}}
vars: {x: {y: [1]}}
steps:
  - {id: a, activity: a, args: ["${ input.amount }"]}
  - {id: b, activity: b, args: ["${ input.amount + vars.x.y[0] }"]}
""",
        {"amount": 1},
    )
    failed = case.fail("b")
    patches = [Patch(("input", "amount"), 5), Patch(("vars", "x", "y", "0"), 2)]
    plan = build_plan(failed.remains, patches=patches)
    assert (plan.input, plan.state["vars"] if plan.state else None) == ({"amount": 5}, {"x": {"y": [2]}})
    assert plan.notes == ["a is kept, and has read input.amount as it was before"]
    for path, message in {
        ("input", "amount"): "expected a whole number",
        ("vars", "z"): 'there is no variable "z"',
        ("steps", "a"): "neither a value of the input",
        ("vars", "x", "z", "q"): "there is no vars.x.z",
    }.items():
        with pytest.raises(InvalidPatch, match=message):
            build_plan(failed.remains, patches=[Patch(path, "text")])


def test_a_loop_that_has_begun_keeps_its_items() -> None:
    case = Case(ITEMS.replace(", COMPENSATE", ""), {"items": [1, 2]})
    found = refusal(case, case.fail("b"), patches=[Patch(("input", "items"), [1])])
    assert "all: it has begun with input.items, which can't be changed any more" in found


def test_a_loop_that_collects_nothing_does_not_know_which_items_have_failed() -> None:
    text = """\
steps:
  - id: all
    for_each: [1, 2, 3]
    collect: none
    TOLERATE
    steps: [{id: a, activity: a}]
"""
    case = Case(text.replace("TOLERATE", "tolerate_failures: 1"))
    assert "all: which of its items have failed is not known" in refusal(case, case.fail("a"))
    case = Case(text.replace("    TOLERATE\n", ""))
    calls, ended = case.resume(case.fail("a"))
    assert (calls, ended.status) == (["all[0]/a", "all[1]/a", "all[2]/a"], "completed")


def test_an_item_that_has_a_dead_letter_is_left_to_whoever_acts_on_that() -> None:
    """But for the one that has failed the loop: it runs again, and the run resolves its letter."""
    case = Case("""\
dead_letter_queues: {kept: {}}
steps:
  - id: all
    for_each: [1, 2, 3]
    tolerate_failures: 1
    dead_letter: kept
    steps: [{id: a, activity: a}]
""")
    calls, ended = case.resume(case.fail("a"))
    assert (calls, ended.status) == (["all[1]/a", "all[2]/a"], "completed")
    assert [letter.key for letter in ended.run.letters] == ["run-1/all[0]"]


def test_a_run_that_had_come_to_its_return() -> None:
    case = Case("steps: [{id: a, activity: a}, {id: r, return: 1}]\nfinally: [{id: last, activity: last}]")
    assert "r: the run had come to this step, which ends it" in refusal(case, case.fail("last"))


def test_a_loop_does_not_begin_anew_around_what_could_not_be_undone() -> None:
    """The run had gone on without it, since the error was caught; nobody knows what a second call would meet."""
    case = Case("""\
steps:
  - id: all
    for_each: [1]
    steps:
      - {id: a, activity: a, compensate: {activity: undo}}
      - id: block
        steps:
          - {id: x, activity: x, compensate: {activity: stuck, retry: {maximum_attempts: 1}}}
          - {id: bad, activity: bad}
        catch: [{compensate: true}]
  - {id: c, activity: c}
""")
    assert "all[0]/x: its compensation has failed" in refusal(case, case.fail("bad", "stuck", "c"))
