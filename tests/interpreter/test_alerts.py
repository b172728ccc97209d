"""Somebody is told what a run can't mend by itself: with all that is needed, and without holding anything up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interpreter.events import AlertEnded
from interpreter.failure.failure import StepFailed
from interpreter.messages.compensation_orders import apply_order
from interpreter.program.compiled import compile_program
from interpreter.program.model import Bundle
from interpreter.state.run import Run
from interpreter.state.status import take_snapshot
from tests.support.fake_effects import FakeEffects
from tests.support.script import Script
from tests.support.virtual_time import run_in_virtual_time
from tests.support.whole_run import WholeRun

TEXT = """
dsl: "1"
name: orders
version: "3"
input: {type: object, properties: {card: {type: string, writeOnly: true}}}
defaults: {timeouts: {start_to_close: 30s}, retry: {maximum_attempts: 1}}
saga: {retry: {initial_interval: 1h}, on_not_undone: {activity: page, timeouts: {start_to_close: 5s}}}
dead_letter_queues:
  kept: {activity: keep, on_dead_letter: {activity: chat}}
steps:
  - {id: a, activity: A, compensate: {activity: uA}}
  - {id: b, activity: B, compensate: {activity: uB, retry: {maximum_attempts: 1}}}
  - {id: last, activity: C, args: ["${ input.card }"], dead_letter: kept}
"""
CARD = "4929-1234-5678"


def run_saga(
    skip: bool = False, **behaviours: list[dict[str, Any]]
) -> tuple[dict[str, list[Any]], Run, FakeEffects]:
    """Run it; the arguments of each activity by its name, and the run after its end."""
    names = ("A", "B", "C", "uA", "uB", "page", "chat", "keep")
    bad: dict[str, list[dict[str, Any]]] = {
        "C": [{"fail": {"type": "Bad", "message": f"no money on {CARD}"}}]
    }
    quiet: dict[str, list[dict[str, Any]]] = {name: [{}] for name in names}
    script = Script(quiet | bad | behaviours)
    effects = FakeEffects(script.activities(), workflow_id="wf", run_id="r")
    run = Run(compile_program(Bundle(TEXT)), effects, {"card": CARD})

    async def to_its_end() -> None:
        work = asyncio.ensure_future(WholeRun(run).execute())
        if skip:
            await effects.shown["a.compensate"].wait()
            await asyncio.sleep(5)
            await apply_order(run, "skip", [{"step": "a", "by": "ann@desk", "reason": "it is gone"}])
        with pytest.raises(StepFailed):
            await work

    run_in_virtual_time(to_its_end())
    given: dict[str, list[Any]] = {}
    for name, arguments in zip(script.calls, script.arguments, strict=True):
        given.setdefault(name, []).append(arguments)
    return given, run, effects


def test_the_record_of_what_is_not_undone() -> None:
    given, run, effects = run_saga(
        skip=True,
        uA=[{"fail": {"type": "Gone"}}],
        uB=[{"fail": {"type": "Down", "message": f"{CARD} unknown"}}],
    )
    ((record,),) = given["page"]
    assert record["definition"] == {"name": "orders", "version": "3", "digest": run.program.digest}
    assert (record["workflow_id"], record["run_id"], record["status"]) == ("wf", "r", "failed")
    assert record["error"]["type"] == "Bad"
    assert [each["step"] for each in record["steps"]] == ["b", "a"]
    assert record["count"] == 2
    failed, skipped = record["steps"]
    assert failed["error"] == {
        "type": "Down",
        "message": "[writeOnly input.card] unknown",
        "step": "b.compensate",
        "attempts": 1,
    }
    assert (failed["idempotency_key"], failed["status"], failed["orders"]) == ("wf/b", "failed", [])
    assert (skipped["status"], skipped["error"]["type"]) == ("skipped", "CompensationSkipped")
    assert [(each["order"], each["by"], each["reason"]) for each in skipped["orders"]] == [
        ("skip", "ann@desk", "it is gone")
    ]
    assert CARD not in str(given["page"])
    (call,) = (call for call in effects.calls if call.name == "page")
    assert (call.id, call.key) == ("saga.on_not_undone", "r/saga.on_not_undone")
    assert call.retry.maximum_attempts == 10  # a run must end, also if a pager is down


def test_the_record_of_a_letter_is_that_of_the_queue_without_what_only_programs_need() -> None:
    given, _, _ = run_saga()
    ((kept,),), ((told,),) = given["keep"], given["chat"]
    assert told == {name: value for name, value in kept.items() if name != "redrive"}
    assert CARD not in str(told)


def test_an_alert_holds_nothing_up_but_the_end_of_the_run() -> None:
    _, _, effects = run_saga(chat=[{"takes": "20s"}])
    assert [call.name for call in effects.calls] == ["A", "B", "C", "keep", "chat", "uB", "uA"]
    ended = [each for each in effects.observed if isinstance(each, AlertEnded)]
    assert ended == [AlertEnded("dead_letter_queues.kept.on_dead_letter", None)]


def test_nobody_could_be_told() -> None:
    _, run, effects = run_saga(chat=[{"fail": {"type": "Busy"}}])
    (further,) = take_snapshot(run)["further_errors"]
    assert (further["type"], further["attempts"], further["step"]) == (
        "Busy",
        10,
        "dead_letter_queues.kept.on_dead_letter",
    )
    assert run.status == "failed"
    assert run.failure is not None
    assert run.failure.type == "Bad"
    (ended,) = (each for each in effects.observed if isinstance(each, AlertEnded))
    assert ended.lost is not None


LONG = """
dsl: "1"
name: long
defaults: {timeouts: {start_to_close: 30s}, retry: {maximum_attempts: 1}}
dead_letter_queues:
  kept: {activity: keep, on_dead_letter: {activity: chat, retry: {maximum_attempts: 1}}}
steps:
  - {id: a, activity: A, dead_letter: {queue: kept, then: continue}}
  - {id: b, activity: B}
  - {id: c, activity: B}
  - {id: d, activity: B}
"""


def test_a_run_continues_as_new_only_when_somebody_was_told() -> None:
    """Else it would not know that nobody could be told."""
    fails = [{"fail": {"type": "Busy"}}]
    script = Script({"A": fails, "B": [{"takes": "2s"}], "keep": [{}], "chat": [{"takes": "3s", **fails[0]}]})
    effects = FakeEffects(script.activities(), force_continue_as_new=True)
    whole = WholeRun(Run(compile_program(Bundle(LONG)), effects, {}))
    run_in_virtual_time(whole.execute())
    assert whole.runs > 1
    assert [each["type"] for each in take_snapshot(whole.run)["further_errors"]] == ["Busy"]
