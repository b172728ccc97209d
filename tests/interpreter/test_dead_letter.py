"""The record of a dead letter: complete, and the same however often it is delivered."""

from __future__ import annotations

from typing import Any

import pytest

from interpreter.failure.failure import StepFailed
from interpreter.lifecycle import execute
from interpreter.program.compiled import compile_program
from interpreter.program.model import Bundle
from interpreter.state.run import Run
from tests.support.fake_effects import FakeEffects
from tests.support.script import Script
from tests.support.virtual_time import run_in_virtual_time

TEXT = """
dsl: "1"
name: orders
version: "3"
defaults: {timeouts: {start_to_close: 5s}, retry: {initial_interval: 1s, maximum_attempts: 2}}
saga: {retry: {maximum_attempts: 1}, dead_letter: stuck}
dead_letter_queues:
  failed: {activity: keep, retry: {initial_interval: 1s}}
  stuck: {activity: hold}
steps:
  - {id: first, activity: first, compensate: {activity: undo_first, args: [9]}}
  - {id: pause, wait: 10s}
  - id: block
    retry: {initial_interval: 1s, maximum_attempts: 2}
    steps:
      - {id: inner, activity: inner, compensate: {activity: undo_inner}}
      - id: order
        activity: order
        args: [{sku: s1}, "${ step.key }"]
        compensate: {activity: undo_order, after: attempted}
        dead_letter: failed
"""
ERROR = {
    "type": "Down",
    "message": "no stock",
    "details": {"left": 0},
    "step": "order",
    "attempts": 2,
    "timeout_type": None,
    "retry_state": "MAXIMUM_ATTEMPTS_REACHED",
    "cause": None,
}


def letters(**behaviours: list[dict[str, Any]]) -> tuple[list[list[Any]], list[list[Any]]]:
    """Run it; what was handed to the activity of each of the two queues."""
    names = ("first", "undo_first", "inner", "undo_inner", "order", "undo_order", "keep", "hold")
    script = Script({name: behaviours.get(name, [{}]) for name in names})
    effects = FakeEffects(script.activities(), workflow_id="wf", run_id="r")
    run = Run(compile_program(Bundle(TEXT)), effects, {})

    async def to_its_end() -> None:
        with pytest.raises(StepFailed):
            await execute(run)

    run_in_virtual_time(to_its_end())
    given = list(zip(script.calls, script.arguments, strict=True))
    kept, held = ([args for name, args in given if name == queue] for queue in ("keep", "hold"))
    assert {letter["key"] for letter in run.dead_letters} == {args[0]["key"] for args in (*kept, *held)}
    return kept, held


def down() -> list[dict[str, Any]]:
    return [{"takes": "1s", "fail": {"type": "Down", "message": "no stock", "details": {"left": 0}}}]


def test_the_record_says_all_that_is_known_and_is_the_same_when_it_is_delivered_again() -> None:
    kept, held = letters(order=down(), keep=[{"fail": {"type": "Lost"}}, {}])
    assert held == []
    record = kept[0][0]
    digest = compile_program(Bundle(TEXT)).digest
    redrive = record.pop("redrive")
    assert redrive["request"]["only"]["step"] == "order"
    assert record == {
        "format": 1,
        "key": "wf/order",
        "queue": "failed",
        "definition": {"name": "orders", "version": "3", "digest": digest},
        "workflow_id": "wf",
        "run_id": "r",
        "redrive_id": None,
        "task_queue": "queue",
        "step": "order",
        "iteration": None,
        "idempotency_key": "wf/order",
        "activity": "order",
        "input": [{"sku": "s1"}, "wf/order"],
        "error": ERROR,
        "attempts": 2,
        "started_at": "2026-01-01T00:00:10.000Z",
        "failed_at": "2026-01-01T00:00:13.000Z",
        "outcome": "failed",
        "compensated": "pending",
        "max_redrives": None,
        "redrive_count": 0,
    }
    kept[1][0].pop("redrive", None)
    assert kept[1] == kept[0], "an answer of the queue was lost"


def test_each_attempt_of_a_block_is_another_effect_at_the_same_place() -> None:
    first, second = (record for (record,) in letters(order=down())[0])
    changed = {key for key in first if first[key] != second[key]}
    assert changed == {"idempotency_key", "input", "started_at", "failed_at", "redrive"}
    assert "undone" not in first["redrive"]["request"]["only"]
    assert second["redrive"]["request"]["only"]["undone"] == {"order": 1}
    assert second["idempotency_key"] == "wf/order#2"
    assert second["key"] == "wf/order"


def test_of_a_timeout_nobody_knows_the_outcome() -> None:
    ((record,), *_) = letters(order=[{"takes": "9s"}])[0]
    assert (record["outcome"], record["compensated"], record["error"]["type"]) == (
        "unknown",
        "pending",
        "Timeout.StartToClose",
    )


def test_what_could_not_be_undone_is_a_letter_of_what_undoes() -> None:
    _, ((record,),) = letters(order=down(), undo_first=[{"fail": {"type": "Stuck"}}])
    assert {
        name: record[name] for name in ("key", "step", "queue", "idempotency_key", "activity", "input")
    } == {
        "key": "wf/first.compensate",
        "step": "first.compensate",
        "queue": "stuck",
        "idempotency_key": "wf/first",
        "activity": "undo_first",
        "input": [9],
    }
    assert (record["error"]["type"], record["outcome"], record["compensated"]) == ("Stuck", "failed", "none")
