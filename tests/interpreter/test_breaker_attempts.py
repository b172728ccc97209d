"""What a circuit breaker changes of a step that it guards, and what it does not."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

import pytest

from dsl.reading.reader import Document, read_text
from interpreter.concurrency.cancel_scope import CancelScope
from interpreter.effects import ActivityCall, ActivityResult, NeverStarted
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.lifecycle import execute
from interpreter.machine import run_step
from interpreter.program.compiled import compile_program
from interpreter.state.breaker import Permit, Verdict
from interpreter.state.run import Run
from interpreter.state.scope import Scope
from interpreter.state.status import take_snapshot
from tests.support.cases import RunCase, run_cases
from tests.support.ending import check
from tests.support.fake_effects import FakeEffects
from tests.support.fake_world import run_on_fake
from tests.support.script import Script
from tests.support.virtual_time import run_in_virtual_time


@dataclass(frozen=True)
class GuardedCase(RunCase):
    """A case in which a breaker that never opens guards every step."""

    scope: str = "workflow"

    @property
    def document(self) -> Document:
        read = super().document
        data = read.data
        assert isinstance(data, dict)
        data["circuit_breakers"] = {
            "never": {"scope": self.scope, "failure_threshold": 10_000, "wait_duration_in_open_state": "1s"}
        }
        data.setdefault("defaults", {})["circuit_breaker"] = "never"
        files = {name: file.source.text for name, file in read.files.items()}
        return read_text(json.dumps(data), self.file.name, files)


CASES = [
    GuardedCase(**{each.name: getattr(case, each.name) for each in fields(case)}, scope=scope)
    for scope in ("workflow", "shared")
    for case in run_cases()
    if case.activities is not None
    and not any(word in case.file.read_bytes() for word in (b"circuit_breakers", b"local: true"))
]
"""Without the rehearsals whose activities look at the number of the attempt that the server tells them, and without
local activities, which have no breaker."""


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.scope}-{case.id}")
def test_a_breaker_that_never_opens_changes_nothing(case: GuardedCase) -> None:
    """Attempts, waits, errors, undoing and times are as when the server retries."""
    check(case, run_on_fake(case))


PARALLEL = """
dsl: "1"
name: parallel
defaults:
  timeouts: {start_to_close: 30s}
  retry: {maximum_attempts: 1}
circuit_breakers:
  b: {scope: workflow, failure_threshold: 1, wait_duration_in_open_state: 10s}
steps:
  - {id: probe, activity: A, circuit_breaker: {name: b, on_open: wait}}
  - {id: patient, activity: A, circuit_breaker: {name: b, on_open: wait}}
  - {id: late, activity: A, timeouts: {schedule_to_close: 12s}, circuit_breaker: {name: b, on_open: wait}}
  - {id: hasty, activity: A, circuit_breaker: b}
"""
START_OF = {"hasty": 11.0}
"""Seconds after which a step begins; the others begin at once."""


async def _at_once(behaviours: list[dict[str, Any]], steps: list[str]) -> tuple[dict[str, Any], Script, Run]:
    """Run guarded steps at the same time, before them one that opens the breaker; how and when each has ended."""
    script = Script({"A": behaviours})
    effects = FakeEffects(script.activities())
    run = Run(compile_program(PARALLEL), effects)
    scope, loop = Scope({"input": None}, CancelScope()), asyncio.get_running_loop()

    async def one(step: str) -> tuple[Any, float]:
        try:
            await asyncio.sleep(START_OF.get(step, 0))
            return await run_step(run, run.program.nodes[step], scope), loop.time()
        except StepFailed as failed:
            return failed.failure, loop.time()

    with pytest.raises(StepFailed):
        await run_step(run, run.program.nodes["hasty"], scope)
    ended = await asyncio.gather(*map(one, steps))
    return dict(zip(steps, ended, strict=True)), script, run


def test_those_that_wait_go_on_as_soon_as_a_probe_has_ended() -> None:
    behaviours: list[dict[str, Any]] = [{"fail": {}}, {"takes": "3s", "ok": 1}, {"ok": 2}]
    ended, script, run = run_in_virtual_time(_at_once(behaviours, ["probe", "patient", "hasty"]))
    hasty, when = ended.pop("hasty")
    assert ended == {"probe": (1, 13), "patient": (2, 13)}
    assert (hasty.type, hasty.outcome) == ("CircuitBreakerOpen", Outcome.NOT_STARTED)
    assert when == pytest.approx(11)
    assert hasty.details == {"breaker": "b", "state": "half_open", "retry_after": None}
    assert len(script.calls) == 3
    assert take_snapshot(run)["breakers"] == {"b": {"state": "closed", "open_until": None}}


def test_a_probe_that_fails_lets_them_wait_again() -> None:
    behaviours: list[dict[str, Any]] = [{"fail": {}}, {"takes": "3s", "fail": {}}, {"ok": 2}]
    ended, _, _ = run_in_virtual_time(_at_once(behaviours, ["probe", "patient"]))
    assert ended["probe"][0].type == "Scripted"
    assert ended["patient"] == (2, 23)


def test_the_budget_is_over_before_the_probe() -> None:
    behaviours: list[dict[str, Any]] = [{"fail": {}}, {"takes": "3s", "ok": 1}]
    ended, script, _ = run_in_virtual_time(_at_once(behaviours, ["probe", "late"]))
    late, when = ended["late"]
    assert (late.type, late.attempts, when) == ("CircuitBreakerOpen", 0, 13)
    assert len(script.calls) == 2


def test_who_stops_waiting_for_a_probe_is_in_nobodys_way() -> None:
    async def stopped() -> Any:
        run = Run(
            compile_program(PARALLEL), FakeEffects(Script({"A": [{"takes": "3s", "ok": 1}]}).activities())
        )
        scope = Scope({"input": None}, CancelScope())
        record_failure(run)
        steps = [
            asyncio.ensure_future(run_step(run, run.program.nodes[each], scope))
            for each in ("probe", "patient")
        ]
        await asyncio.sleep(11)
        steps[1].cancel()
        return await asyncio.gather(*steps, return_exceptions=True)

    probe, patient = run_in_virtual_time(stopped())
    assert probe == 1
    assert isinstance(patient, asyncio.CancelledError)


def record_failure(run: Run) -> None:
    now = run.effects.now()
    permit = run.breakers["b"].breaker.acquire(now)
    assert isinstance(permit, Permit)
    run.breakers["b"].record(permit, Verdict.FAILURE, timedelta(), now)


SLOW_TIMERS = """
dsl: "1"
name: slow-timers
defaults:
  timeouts: {schedule_to_close: 2s}
  retry: {maximum_attempts: 0}
  circuit_breaker: b
circuit_breakers:
  b: {scope: workflow, failure_threshold: 9, wait_duration_in_open_state: 10s}
steps:
  - {id: a, activity: A}
"""


class LateEffects(FakeEffects):
    """Timers fire as late as on a busy server."""

    async def sleep(self, duration: timedelta, summary: str | None = None) -> None:
        await super().sleep(duration + timedelta(seconds=1), summary)


async def _failure(text: str, effects: FakeEffects) -> Failure:
    with pytest.raises(StepFailed) as caught:
        await execute(Run(compile_program(text), effects))
    return caught.value.failure


def test_a_timer_that_fires_too_late_for_another_attempt() -> None:
    script = Script({"A": [{"fail": {"type": "Down"}}]})
    failure = run_in_virtual_time(_failure(SLOW_TIMERS, LateEffects(script.activities())))
    assert (failure.type, failure.attempts, failure.retry_state) == ("Down", 1, "TIMEOUT")
    assert script.calls == ["A"]


def test_each_attempt_is_an_activity_of_its_own_with_what_is_left_of_the_budget() -> None:
    effects = FakeEffects(Script({"A": [{"fail": {}}]}).activities())
    failure = run_in_virtual_time(_failure(SLOW_TIMERS.replace("2s", "5s"), effects))
    assert [(call.id, call.retry.maximum_attempts) for call in effects.calls] == [
        ("a", 1),
        ("a#2", 1),
        ("a#3", 1),
    ]
    left = [call.timeouts.schedule_to_close for call in effects.calls]
    assert left == [timedelta(seconds=seconds) for seconds in (5, 4, 2)]
    assert len({(call.key, call.args) for call in effects.calls}) == 1
    assert (failure.attempts, failure.retry_state) == (3, "TIMEOUT")


UNDOABLE = """
dsl: "1"
name: undoable
defaults:
  timeouts: {start_to_close: 5s}
circuit_breakers:
  b: {scope: workflow, failure_threshold: 9, wait_duration_in_open_state: 10s}
steps:
  - {id: a, activity: A, circuit_breaker: b, compensate: {activity: uA}}
"""


class StoppedAt(FakeEffects):
    """Asked to stop in the very task that would schedule an attempt."""

    attempt = 1

    async def call_activity(self, call: ActivityCall) -> ActivityResult:
        if call.name == "A" and len(self.calls) + 1 == self.attempt:
            self.cancelled = True
            raise NeverStarted
        return await super().call_activity(call)


@pytest.mark.parametrize(("attempt", "calls"), [(1, []), (2, ["A", "uA"])])
def test_an_attempt_that_never_started_leaves_those_before_it(attempt: int, calls: list[str]) -> None:
    script = Script({"A": [{"fail": {}}], "uA": []})
    effects = StoppedAt(script.activities())
    effects.attempt = attempt

    async def cancelled() -> None:
        with pytest.raises(asyncio.CancelledError):
            await execute(Run(compile_program(UNDOABLE), effects))

    run_in_virtual_time(cancelled())
    assert script.calls == calls


async def _calls_when_cancelled(effects: FakeEffects) -> list[str]:
    with pytest.raises(asyncio.CancelledError):
        await execute(Run(compile_program(UNDOABLE), effects))
    return [call.name for call in effects.calls]


class StoppedWithTheFailure(FakeEffects):
    """Asked to stop at the moment an attempt fails."""

    async def call_activity(self, call: ActivityCall) -> ActivityResult:
        try:
            return await super().call_activity(call)
        finally:
            self.cancelled = True


class StoppedAfterTheTimer(FakeEffects):
    """Asked to stop at the moment a timer fires."""

    async def sleep(self, duration: timedelta, summary: str | None = None) -> None:
        await super().sleep(duration, summary)
        self.cancelled = True


def test_a_failure_that_comes_with_a_request_to_stop_is_the_last_and_definite() -> None:
    effects = StoppedWithTheFailure(Script({"A": [{"fail": {}}], "uA": []}).activities())
    assert run_in_virtual_time(_calls_when_cancelled(effects)) == ["A"]


def test_no_attempt_after_a_request_to_stop() -> None:
    effects = StoppedAfterTheTimer(Script({"A": [{"fail": {}}], "uA": []}).activities())
    assert run_in_virtual_time(_calls_when_cancelled(effects)) == ["A", "uA"]


class Unheard(FakeEffects):
    """No worker takes the task."""

    async def call_activity(self, call: ActivityCall) -> ActivityResult:
        self.calls.append(call)
        raise StepFailed(Failure("Timeout.ScheduleToStart", "", timeout_type="ScheduleToStart"))


def test_a_task_that_no_worker_takes_is_final() -> None:
    effects = Unheard({})
    failure = run_in_virtual_time(_failure(UNDOABLE, effects))
    assert (failure.type, failure.attempts, len(effects.calls)) == ("Timeout.ScheduleToStart", 1, 1)


BUDGET = """
dsl: "1"
name: budget
circuit_breakers:
  b: {scope: workflow, failure_threshold: 1, wait_duration_in_open_state: 10s}
steps:
  - {id: a, activity: A, timeouts: {schedule_to_close: 5s}, circuit_breaker: {name: b, on_open: wait}}
"""


def test_the_open_breaker_outlasts_the_budget() -> None:
    failure = run_in_virtual_time(_failure(BUDGET, FakeEffects(Script({"A": [{"fail": {}}]}).activities())))
    assert (failure.type, failure.attempts, failure.non_retryable) == ("CircuitBreakerOpen", 1, True)
    assert failure.cause is not None
    assert (failure.cause.type, failure.outcome) == ("Scripted", Outcome.FAILED)


def test_without_a_breaker_the_budget_would_be_over_as_well() -> None:
    text = BUDGET.replace("activity: A", "activity: A, retry: {initial_interval: 6s}")
    failure = run_in_virtual_time(_failure(text, FakeEffects(Script({"A": [{"fail": {}}]}).activities())))
    assert (failure.type, failure.retry_state) == ("Scripted", "TIMEOUT")


SLOWNESS = """
dsl: "1"
name: slowness
defaults:
  timeouts: {start_to_close: 5s}
  circuit_breaker: b
circuit_breakers:
  b:
    scope: workflow
    slow_call_rate_threshold: 100
    slow_call_duration_threshold: 2s
    sliding_window: {size: 2}
    wait_duration_in_open_state: 10s
steps:
  - {id: a, activity: A, compensate: {steps: [{id: undo_a, activity: uA}]}}
  - {id: b, activity: A}
  - {id: c, activity: A, circuit_breaker: {name: b, on_open: wait}}
"""


@pytest.mark.parametrize(("takes", "state", "seconds"), [("2s", "closed", 6), ("3s", "open", 19)])
def test_how_long_calls_take(takes: str, state: str, seconds: int) -> None:
    """The third call waits until it may probe, and is too slow as well."""

    async def took() -> tuple[Any, float]:
        run = Run(compile_program(SLOWNESS), FakeEffects(Script({"A": [{"takes": takes}]}).activities()))
        await execute(run)
        return take_snapshot(run)["breakers"]["b"]["state"], asyncio.get_running_loop().time()

    ended, when = run_in_virtual_time(took())
    assert ended == state
    assert when == pytest.approx(seconds)


def test_which_steps_are_guarded() -> None:
    nodes = compile_program(SLOWNESS).nodes
    guards = {
        path: node.breaker and (node.breaker.name, node.breaker.on_open) for path, node in nodes.items()
    }
    assert guards == {
        "a": ("b", "fail"),
        "a.compensate": None,
        "undo_a": None,
        "b": ("b", "fail"),
        "c": ("b", "wait"),
    }
