"""Child workflows by the core alone: their ids, and what is an effect of its own."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from dsl.check import InvalidDefinition
from dsl.expressions import JsonValue
from interpreter.effects import ChildCall
from interpreter.failure.failure import StepFailed
from interpreter.lifecycle import execute
from interpreter.program.compiled import compile_program
from interpreter.program.model import Bundle, Program, compute_digest
from interpreter.state.run import Run
from tests.support.fake_effects import FakeEffects
from tests.support.script import Script
from tests.support.virtual_time import run_in_virtual_time

INNER = """\
dsl: "1"
name: inside
retry_policies: {twice: {maximum_attempts: 2, initial_interval: 3s}}
retry: twice
timeouts: {run: 1h, task: 20s}
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
steps:
  - id: work
    activity: work
    args: ["${ step.key }"]
"""
OUTER = """\
dsl: "1"
name: outside
definitions: {inner: inner.yaml}
defaults: {timeouts: {start_to_close: 10s}}
retry_policies: {often: {maximum_attempts: 9}}
steps:
"""


def compiled(steps: str) -> Program:
    return compile_program(Bundle(OUTER + steps, (("inner", INNER),)))


@dataclass
class _Watched(FakeEffects):
    children: list[str] = field(default_factory=list)
    """Ids of the children that were started."""

    async def call_child(self, call: ChildCall) -> JsonValue:
        self.children.append(call.id)
        return await super().call_child(call)


def children_of(steps: str, **behaviours: list[dict[str, Any]]) -> list[str]:
    """The ids of the children that a run starts; each is the beginning of the keys inside."""
    script = Script({"work": [{}], "undo": [{}], **behaviours})
    effects = _Watched(script.activities())

    async def run() -> None:
        with suppress(StepFailed):
            await execute(Run(compiled(steps), effects))

    run_in_virtual_time(run())
    keys = [given[0] for name, given in zip(script.calls, script.arguments, strict=True) if name == "work"]
    assert keys == [f"{child}/work" for child in effects.children]
    return effects.children


BLOCK = """\
  - id: block
    retry: {maximum_attempts: 4, initial_interval: 1s}
    steps:
      - id: child
        child_workflow: inner
        retry: {maximum_attempts: 1}
"""


def test_one_that_has_failed_has_undone_itself_and_is_another_effect_the_next_time() -> None:
    started = children_of(BLOCK, work=[{"fail": {}}, {"fail": {}}, {}])
    assert started == ["run-1/child", "run-1/child#2", "run-1/child#3"]


def test_what_undoes_an_effect_has_its_key() -> None:
    steps = BLOCK + "        compensate: {child_workflow: inner}\n"
    steps += "      - {activity: fragile, retry: {maximum_attempts: 1}}\n"
    started = children_of(steps, fragile=[{"fail": {}}, {"fail": {}}, {}])
    one, two = ["run-1/child", "run-1/child.compensate"], ["run-1/child#2", "run-1/child#2.compensate"]
    assert started == [*one, *two, "run-1/child#3"]


def test_one_that_was_cancelled_has_undone_itself_too() -> None:
    steps = BLOCK + "        timeouts: {deadline: 5s}\n"
    assert children_of(steps, work=[{"takes": "9s"}, {}]) == ["run-1/child", "run-1/child#2"]


def test_of_one_that_is_not_waited_for_nobody_knows_so_it_keeps_its_id() -> None:
    steps = BLOCK + "        timeouts: {deadline: 5s}\n        cancellation: try\n"
    assert children_of(steps, work=[{"takes": "9s"}, {}]) == ["run-1/child"] * 2


def test_one_that_still_runs_is_not_started_again() -> None:
    steps = BLOCK.replace("attempts: 4", "attempts: 2") + "        timeouts: {deadline: 5s}\n"
    program = compiled(steps + "        cancellation: abandon\n")
    effects = _Watched(Script({"work": [{"takes": "9s"}, {}]}).activities())
    with pytest.raises(StepFailed, match='a workflow with the id "run-1/child" is already running'):
        run_in_virtual_time(execute(Run(program, effects)))


def test_one_that_has_completed_is_the_same_effect() -> None:
    steps = BLOCK + "      - {activity: fragile, retry: {maximum_attempts: 1}}\n"
    assert children_of(steps, fragile=[{"fail": {}}, {"fail": {}}, {}]) == ["run-1/child"] * 3


def test_one_that_ignores_a_cancel_leaves_what_it_has_done() -> None:
    text = INNER.replace("steps:", "saga: {on_cancel: ignore}\nsteps:")
    program = compile_program(
        Bundle(OUTER + BLOCK + "        timeouts: {deadline: 5s}\n", (("inner", text),))
    )
    effects = _Watched(Script({"work": [{"takes": "9s"}, {}]}).activities())
    run_in_virtual_time(execute(Run(program, effects)))
    assert effects.children == ["run-1/child"] * 2


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", (2, 3.0)),
        ("retry: {maximum_attempts: 5}", (5, 3.0)),
        ("retry: often", (9, None)),
    ],
)
def test_the_step_s_policy_is_laid_over_that_of_the_definition(said: str, expected: tuple[Any, ...]) -> None:
    plan = compiled(f"  - {{id: child, child_workflow: inner, {said}}}\n").nodes["child"].child
    assert plan is not None
    assert plan.retry is not None
    interval = plan.retry.initial_interval
    assert (plan.retry.maximum_attempts, interval.total_seconds() if interval else None) == expected


@pytest.mark.parametrize(
    ("said", "expected"), [("", None), ("retry: {maximum_attempts: 5}", 5), ("retry: often", 9)]
)
def test_a_registered_type_has_the_step_s_policy_or_none(said: str, expected: int | None) -> None:
    plan = compiled(f"  - {{id: child, child_workflow: {{type: Own}}, {said}}}\n").nodes["child"].child
    assert plan is not None
    assert (plan.retry.maximum_attempts if plan.retry else None) == expected


def test_timeouts_are_laid_over_those_of_the_definition_key_by_key() -> None:
    steps = "  - {id: child, child_workflow: inner, timeouts: {run: 5s}}\n  - {id: own, child_workflow: {type: T}}\n"
    nodes = compiled(steps).nodes
    inner, own = nodes["child"].child, nodes["own"].child
    assert inner is not None
    assert own is not None
    assert (inner.timeouts.run, inner.timeouts.task) == (timedelta(seconds=5), timedelta(seconds=20))
    assert (own.timeouts.run, own.timeouts.task) == (None, None)


def test_a_bundle_is_pinned_as_a_whole() -> None:
    assert Bundle("a").digest == compute_digest("a")
    both = Bundle("a", (("x", "1"), ("y", "2")))
    assert both.digest == Bundle("a", (("y", "2"), ("x", "1"))).digest
    others = [
        Bundle("b", both.files),
        Bundle("a"),
        Bundle("a", (("x", "1"), ("z", "2"))),
        Bundle("a", (("x", "1"), ("y", "3"))),
    ]
    assert both.digest not in [other.digest for other in others]


def test_definitions_of_a_bundle_are_compiled_once_and_know_their_lines() -> None:
    inline = "definitions: {inner: inner.yaml,\n  here: {steps: [\n    {id: pause, wait: 1s}]}}"
    text = OUTER.replace("definitions: {inner: inner.yaml}", inline)
    bundle = Bundle(text + "  - {child_workflow: inner}\n  - {child_workflow: here}\n", (("inner", INNER),))
    root = compile_program(bundle)
    inner, here = compile_program(bundle, "inner"), compile_program(bundle, "here")
    assert inner is compile_program(bundle, "inner")
    assert (inner.nodes["work"].line, here.nodes["pause"].line) == (8, 5)
    assert (inner.definition.name, here.definition.name) == ("inside", "here")
    assert inner.digest == root.digest
    with pytest.raises(KeyError):
        compile_program(bundle, "other")
    with pytest.raises(InvalidDefinition, match='there is no definition "inner"'):
        compile_program(OUTER.replace("definitions", "x-definitions") + "  - {child_workflow: inner}\n")
