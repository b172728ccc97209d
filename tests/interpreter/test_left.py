"""What children have left is forgotten once it can't matter any more: a run that goes on for years must not grow."""

from __future__ import annotations

import pytest

from interpreter.concurrency.cancel_scope import CancelScope
from interpreter.failure.failure import Failure
from interpreter.program.compiled import compile_program
from interpreter.state.saga import Saga
from interpreter.state.scope import Scope

PROGRAM = compile_program("""\
dsl: "1"
name: left
defaults: {timeouts: {start_to_close: 1m}}
definitions:
  inner: {steps: [{wait: 1s}]}
steps:
  - id: all
    for_each: [1]
    steps:
      - {id: bare, child_workflow: inner}
      - {id: undone, child_workflow: inner, compensate: {activity: undo}}
""")
FAILURE = Failure("ChildWorkflowFailed", "it has failed after its pivot")


def note(saga: Saga, name: str) -> None:
    node = PROGRAM.nodes[name].in_frame("all[0]/", "all[0]/")
    scope = Scope({}, CancelScope()).enter("all").enter("all[0]")
    saga.note_left(node, scope, FAILURE, f"run-1/{node.key_path}")


@pytest.mark.parametrize(
    ("pivot", "kept"), [(None, ["run-1/all[0]/bare"]), ("before", [])], ids=["pending", "after the pivot"]
)
def test_an_iteration_that_is_over_keeps_what_is_to_be_reported(pivot: str | None, kept: list[str]) -> None:
    saga = Saga(pivot=pivot)
    note(saga, "bare")
    note(saga, "undone")
    saga.leave("all[1]")
    assert len(saga.left) == 2
    saga.leave("all[0]")
    assert [left.key for left in saga.left] == kept


def test_a_step_that_was_undone_has_nothing_left() -> None:
    saga = Saga()
    note(saga, "undone")
    node = PROGRAM.nodes["undone"].in_frame("all[0]/", "all[0]/")
    assert node.compensation is not None
    undo = saga.register(node, node.compensation, Scope({}, CancelScope()))
    saga.put_under_way(undo)
    saga.end(undo, undone=True)
    assert saga.left == []
