"""What the query `status` shows of steps that go on."""

from __future__ import annotations

import asyncio
from typing import Any

from interpreter.failure.failure import Failure, StepFailed
from interpreter.program.compiled import compile_program
from interpreter.state.run import Run
from interpreter.state.status import take_snapshot
from tests.support.fake_effects import FakeEffects
from tests.support.virtual_time import run_in_virtual_time
from tests.support.whole_run import WholeRun

DEFINITION = """\
dsl: "1"
name: shown
signals: {yes: {}, no: {}}
steps:
  - id: both
    parallel:
      items:
        - id: each
          for_each: "[0, 1, 2]"
          tolerate_failures: 1
          steps:
            - {id: fail, when: item == 0, raise: {type: Bad}}
            - {id: pause, wait: "${ item == 1 ? '1s' : '1h' }"}
      person:
        - {id: answer, wait_for: {any: [yes, no], timeout: 24h}}
"""


def test_what_goes_on() -> None:
    steps, after = run_in_virtual_time(_looks())
    each, fail, pause, answer = (steps[name] for name in ("each", "each[2]/fail", "each[2]/pause", "answer"))
    assert (each["succeeded"], each["failed"]) == (1, 1)
    assert fail["state"] == "skipped"
    assert (pause["state"], pause["until"]) == ("running", "2026-01-01T01:00:01.000Z")
    assert (answer["awaits"], answer["until"]) == (["yes", "no"], "2026-01-02T00:00:00.000Z")
    assert {"each[0]/fail", "each[1]/pause"}.isdisjoint(steps)
    assert {"awaits", "until"}.isdisjoint(after["answer"])


async def _looks() -> tuple[dict[str, Any], dict[str, Any]]:
    whole = WholeRun(Run(compile_program(DEFINITION), FakeEffects({}), None))
    work = asyncio.ensure_future(whole.execute())
    await asyncio.sleep(2)
    during = _by_path(take_snapshot(whole.run)["steps"])
    work.cancel()
    await asyncio.wait([work])
    return during, _by_path(take_snapshot(whole.run)["steps"])


def _by_path(branches: list[dict[str, Any]]) -> dict[str, Any]:
    found = {}
    for branch in branches:
        found[branch["step"]] = branch
        found.update(_by_path(branch.get("steps", [])))
    return found


ATTEMPTS = """\
dsl: "1"
name: attempts
vars: {n: 0}
defaults: {timeouts: {start_to_close: 1s}}
circuit_breakers: {bank: {scope: workflow, failure_threshold: 1, wait_duration_in_open_state: 1h}}
steps:
  - id: all
    parallel:
      guarded:
        - id: pay
          activity: fail
          retry: {initial_interval: 1s}
          circuit_breaker: {name: bank, on_open: wait}
      blocks:
        - id: block
          retry: {initial_interval: 2h}
          steps: [{id: inner, activity: fail, retry: {maximum_attempts: 1}}]
      rounds:
        - {id: rounds, repeat: {every: 3h, maximum_iterations: 2}, steps: [{set: {n: 1}}]}
"""


async def _fail() -> None:
    raise StepFailed(Failure("Busy", "call again"))


def test_attempts_that_the_run_makes_itself() -> None:
    early, late = run_in_virtual_time(_look_at_attempts())
    pay, block = early["pay"], early["block"]
    assert (pay["state"], pay["attempts"], pay["breaker"]) == ("running", 1, "bank")
    assert (pay["last_error"]["type"], pay["next_attempt_at"]) == ("Busy", "2026-01-01T01:00:00.000Z")
    assert (block["attempts"], block["next_attempt_at"]) == (2, "2026-01-01T02:00:00.000Z")
    assert block["last_error"]["step"] == "inner"
    assert early["rounds"]["until"] == "2026-01-01T03:00:00.000Z"
    assert late["pay"]["attempts"] == 2
    cancelled = late["block"]
    assert {"last_error", "next_attempt_at"}.isdisjoint(cancelled), "there will be no other attempt"


async def _look_at_attempts() -> tuple[dict[str, Any], dict[str, Any]]:
    run = Run(compile_program(ATTEMPTS), FakeEffects({"fail": _fail}), None)
    work = asyncio.ensure_future(WholeRun(run).execute())
    await asyncio.sleep(2)
    early = _by_path(take_snapshot(run)["steps"])
    await asyncio.sleep(3600)
    work.cancel()
    await asyncio.wait([work])
    return early, _by_path(take_snapshot(run)["steps"])


SAGA = """\
dsl: "1"
name: saga
defaults: {timeouts: {start_to_close: 1h}, retry: {maximum_attempts: 1}}
steps:
  - id: all
    for_each: [a, b, c]
    as: name
    key: ${ name }
    tolerate_failures: 1
    steps:
      - {id: book, activity: book, args: ["${ name }"], compensate: {activity: undo}}
      - {id: late, when: name == 'b', raise: {type: Bad}}
  - id: block
    compensate: {activity: undo}
    steps: [{id: pay, activity: book, args: [x], compensate: {activity: undo}}, {id: gate, wait: 1h}]
"""


async def _book(name: str) -> None:
    """Do nothing."""


async def _undo() -> None:
    await asyncio.sleep(10)


def test_what_is_left_to_undo_and_what_is_being_undone() -> None:
    before, during, after = run_in_virtual_time(_look_at_saga())
    left = ["pay", "all[c]/book", "all[b]/book", "all[a]/book"]
    assert (before["to_undo"], before["undoing"]) == ({"count": 4, "steps": left}, [])
    assert during["to_undo"] == {"count": 3, "steps": left[1:]}
    (undoing,) = during["undoing"]
    assert (undoing["key_path"], undoing["state"]) == ("all[c]/book.compensate", "running")
    assert (after["to_undo"], after["undoing"]) == ({"count": 0, "steps": []}, [])
    items = before["steps"][0]
    assert (items["succeeded"], items["failed"], items["total"]) == (2, 1, 3)
    assert [(each["step"], each["key_path"]) for each in items["failed_items"]] == [("all[1]", "all[b]")]
    assert [set(each["error"]) for each in items["failed_items"]] == [{"type", "message"}]


async def _look_at_saga() -> list[dict[str, Any]]:
    run = Run(compile_program(SAGA), FakeEffects({"book": _book, "undo": _undo}), None)
    work = asyncio.ensure_future(WholeRun(run).execute())
    await asyncio.sleep(1)
    looks = [take_snapshot(run)]
    work.cancel()
    await asyncio.sleep(15)
    looks.append(take_snapshot(run))
    await asyncio.wait([work])
    return [*looks, take_snapshot(run)]


def test_after_the_pivot_a_running_step_is_not_to_be_undone() -> None:
    assert run_in_virtual_time(_look_behind_pivot()) == {"count": 0, "steps": []}


PIVOT = """\
dsl: "1"
name: pivot
defaults: {timeouts: {start_to_close: 1h}}
steps:
  - {id: sure, pivot: true, activity: book, args: [x]}
  - {id: last, activity: undo, compensate: {activity: undo}}
"""


async def _look_behind_pivot() -> dict[str, Any]:
    run = Run(compile_program(PIVOT), FakeEffects({"book": _book, "undo": _undo}), None)
    work = asyncio.ensure_future(WholeRun(run).execute())
    await asyncio.sleep(5)
    left: dict[str, Any] = take_snapshot(run)["to_undo"]
    await work
    return left


def test_the_next_run_still_knows_why_a_block_is_tried_again() -> None:
    told, runs = run_in_virtual_time(_look_at_next_run())
    assert runs > 1
    assert (told["last_error"]["type"], told["attempts"]) == ("Busy", 2)


BLOCK = """\
dsl: "1"
name: block
steps:
  - parallel:
      tried_again:
        - id: block
          retry: {initial_interval: 2h}
          steps: [{id: inner, raise: {type: Busy, non_retryable: false}}]
      other: [{wait: 1s}, {wait: 1h}]
"""


async def _look_at_next_run() -> tuple[dict[str, Any], int]:
    whole = WholeRun(Run(compile_program(BLOCK), FakeEffects({}, force_continue_as_new=True), None))
    work = asyncio.ensure_future(whole.execute())
    await asyncio.sleep(2)
    told = _by_path(take_snapshot(whole.run)["steps"])["block"]
    work.cancel()
    await asyncio.wait([work])
    return told, whole.runs
