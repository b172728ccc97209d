"""A call has the priority that its step says: also what undoes much later, in another run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from interpreter.calls.priorities import evaluate_start_priority
from interpreter.effects import ChildCall, TaskPriority
from interpreter.failure.failure import StepFailed
from interpreter.program.compiled import compile_program
from interpreter.program.model import Bundle
from interpreter.state.run import Run
from stepfile import InvalidInput, prepare, read_text
from tests.support.fake_effects import FakeEffects
from tests.support.script import Script
from tests.support.virtual_time import run_in_virtual_time
from tests.support.whole_run import WholeRun

TEXT = """
dsl: "1"
name: tenants
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
definitions:
  part:
    priority: {key: 5, fairness_key: "${ input.tenant }"}
    steps: [{activity: inside, timeouts: {start_to_close: 10s}}]
steps:
  - activity: charge
    priority: {key: "${ input.urgent ? 1 : 4 }", fairness_key: "${ input.tenant }", fairness_weight: 2}
    compensate: {activity: refund, priority: {key: 2, fairness_key: "${ result }"}}
  - for_each: {pages: {activity: pages, priority: {key: 3}}}
    steps: [{activity: plain}]
  - id: child
    child_workflow: {definition: part, priority: {key: 1}}
    input: {tenant: "${ input.tenant }"}
  - raise: {type: "No", message: "no"}
"""


@dataclass
class Recorded(FakeEffects):
    """A world that writes down with which priority children were started."""

    children: dict[str, TaskPriority | None] = field(default_factory=dict)

    @property
    def priorities(self) -> dict[str, TaskPriority | None]:
        """Those of all that was called, by its name."""
        return {call.name: call.priority for call in self.calls} | self.children

    async def call_child(self, call: ChildCall) -> Any:
        self.children[call.name] = call.priority
        return await super().call_child(call)


def _run(data: Any, text: str = TEXT, **options: Any) -> tuple[Recorded, StepFailed]:
    quiet: dict[str, list[dict[str, Any]]] = {"charge": [{"ok": "paid"}]}
    quiet["pages"] = [{"ok": {"items": [1], "next": None}}]
    quiet |= {name: [{}] for name in ("refund", "plain", "inside")}
    effects = Recorded(Script(quiet).activities(), workflow_id="wf", run_id="r", **options)
    with pytest.raises(StepFailed) as failed:
        run_in_virtual_time(WholeRun(Run(compile_program(Bundle(text)), effects, data)).execute())
    return effects, failed.value


def test_each_kind_of_call() -> None:
    effects, _ = _run({"tenant": "acme", "urgent": True})
    assert effects.priorities == {
        "charge": TaskPriority(1, "acme", 2),
        "refund": TaskPriority(2, "paid"),
        "pages": TaskPriority(3),
        "plain": None,
        "part": TaskPriority(1, "acme"),
        "inside": None,
    }


def test_null_says_nothing() -> None:
    effects, _ = _run({"tenant": None, "urgent": False})
    assert effects.priorities["charge"] == TaskPriority(4, None, 2)
    assert effects.priorities["part"] == TaskPriority(1)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ('{key: "${ input.tenant }"}', "expected a whole number from 1 to 2147483647, found the number 0"),
        (
            '{fairness_key: "${ input.tenant }"}',
            "expected text of 1 to 64 bytes, found the number 0",
        ),
        (
            '{fairness_weight: "${ input.tenant }"}',
            "expected a number from 0.001 to 1000, found the number 0",
        ),
    ],
)
def test_a_value_that_the_server_would_change_is_refused(said: str, message: str) -> None:
    text = TEXT.replace('{key: "${ input.urgent ? 1 : 4 }"', "{key: 1").replace(
        '{key: 1, fairness_key: "${ input.tenant }", fairness_weight: 2}', said
    )
    effects, failed = _run({"tenant": 0}, text)
    assert failed.failure.type == "ExpressionError"
    assert message in failed.failure.message
    assert effects.priorities == {}


def test_the_priority_of_a_start_is_computed_from_its_input() -> None:
    text = 'dsl: "1"\nname: a\npriority: {key: 2, fairness_key: "${ input.tenant }"}\nsteps: [{wait: 1s}]\n'
    assert prepare(read_text(text), {"tenant": "acme"}).priority == TaskPriority(2, "acme")
    with pytest.raises(InvalidInput, match="the priority can't be computed from it: expected text"):
        prepare(read_text(text), {"tenant": 5})
    with pytest.raises(InvalidInput, match="the priority can't be computed from it: "):
        prepare(read_text(text), {})


def test_an_input_that_does_not_fit_gives_no_priority() -> None:
    """The child that gets it fails at its start, and says why."""
    text = """
dsl: "1"
name: a
input: {type: object, properties: {tenant: {type: string}}}
priority: {fairness_key: "${ input.tenant }"}
steps: [{wait: 1s}]
"""
    definition = prepare(read_text(text), {"tenant": "acme"}).definition
    assert evaluate_start_priority(definition, {"tenant": 5}) is None


def test_what_undoes_keeps_its_priority_when_a_run_continues_as_new() -> None:
    effects, _ = _run({"tenant": "acme", "urgent": True}, force_continue_as_new=True)
    assert effects.runs > 1
    assert effects.priorities["refund"] == TaskPriority(2, "paid")
