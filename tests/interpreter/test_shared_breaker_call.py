"""What a run makes of a shared breaker's answers: it waits, is woken, and goes on with what is left."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from dsl.model import RetryPolicy
from dsl.reading.reader import read_text
from interpreter.effects import ActivityCall, ActivityResult
from interpreter.events import BreakerUnobserved, Place
from interpreter.failure.failure import Failure, StepFailed
from interpreter.failure.retry import compute_next_wait, subtract_attempts
from interpreter.lifecycle import execute
from interpreter.messages.breaker_wakes import MOST_WAKES, wake_step
from interpreter.program.compiled import compile_program
from interpreter.state.run import Run
from interpreter.state.status import take_snapshot
from tests.support.fake_effects import FakeEffects
from tests.support.virtual_time import run_in_virtual_time

DEFINITION = """
dsl: "1"
name: shop
input: {{type: object, properties: {{region: {{}}}}}}
circuit_breakers: {{payments: {{failure_threshold: 3, wait_duration_in_open_state: 10s}}}}
steps:
  - id: call
    activity: pay
    timeouts: {timeouts}
    retry: {{maximum_attempts: 5, non_retryable_error_types: [Declined]}}
    circuit_breaker: {breaker}
"""


def rejected(attempts: int = 0, *, retry_after: str = "10s", within: str = "70s", **more: Any) -> Failure:
    details = {"breaker": "payments", "state": "open", "retry_after": retry_after, "within": within, **more}
    return Failure("CircuitBreakerOpen", "open", details=details, attempts=attempts, non_retryable=True)


@dataclass
class Answers(FakeEffects):
    """A worker whose answers are known beforehand."""

    answers: list[Failure | ActivityResult] = field(default_factory=list)

    async def run_attempts(self, call: ActivityCall) -> ActivityResult:
        answer = self.answers.pop(0)
        if isinstance(answer, Failure):
            raise StepFailed(answer)
        return answer


def start(
    *answers: Failure | ActivityResult,
    breaker: str = "{name: payments, on_open: wait}",
    timeouts: str = "{start_to_close: 5s}",
    data: Any = None,
) -> tuple[Run, Answers]:
    text = DEFINITION.format(breaker=breaker, timeouts=timeouts)
    effects = Answers({}, answers=list(answers))
    return Run(compile_program(read_text(text).source.text), effects, data or {}), effects


def go(run: Run, *wakes: tuple[float, int], cancel: float | None = None) -> tuple[Any, float]:
    """Run to the end; the result, or the failure, and how long it took."""

    async def all_of_it() -> tuple[Any, float]:
        work = asyncio.ensure_future(execute(run))
        for after, generation in wakes:
            asyncio.get_running_loop().call_later(after, wake_step, run, "call", generation)
        if cancel is not None:
            await asyncio.sleep(cancel)
            run.effects.cancelled = True  # type: ignore[attr-defined]
            work.cancel()
        try:
            result: Any = await work
        except StepFailed as failed:
            result = failed.failure
        except asyncio.CancelledError:
            result = "cancelled"
        return result, round(asyncio.get_running_loop().time(), 3)

    return run_in_virtual_time(all_of_it())


OK = ActivityResult("paid", 1)


def test_who_is_not_woken_asks_again_when_the_time_is_over() -> None:
    run, effects = start(rejected(), OK)
    assert go(run) == ("paid", 70)
    assert [call.id for call in effects.calls] == ["call", "call#2"]


def test_who_is_woken_goes_on_at_once_and_tells_what_it_was_told() -> None:
    run, effects = start(rejected(2), OK)
    assert go(run, (12, 42)) == ("paid", 12)
    first, second = (call.breaker for call in effects.calls)
    assert first is not None
    assert second is not None
    assert (first.known, second.known) == (0, 42)
    assert (first.waiter, second.waiter) == ("call", "call"), "it is known by the same name"
    assert effects.calls[1].retry.maximum_attempts == 3
    assert run.progress.of("call").attempts == 3


def test_a_wake_that_comes_before_the_rejection_is_not_lost() -> None:
    run, _ = start(rejected(), OK)
    wake_step(run, "call", 7)
    assert go(run) == ("paid", 0)


def test_no_more_wakes_are_kept_than_fit() -> None:
    run, _ = start()
    for number in range(MOST_WAKES + 5):
        wake_step(run, str(number), 1)
    assert len(run.woken) == MOST_WAKES


@pytest.mark.parametrize("attempts", [0, 2])
def test_a_step_that_does_not_wait(attempts: int) -> None:
    run, _ = start(
        rejected(attempts, key="eu"), breaker="{name: payments, key: input.region}", data={"region": "eu"}
    )
    failure, took = go(run)
    assert (failure.type, failure.attempts, took) == ("CircuitBreakerOpen", attempts, 0)
    assert failure.details == {"breaker": "payments", "key": "eu", "state": "open", "retry_after": "10s"}
    assert failure.message == 'the circuit breaker "payments" is open'
    assert failure.outcome.value == ("unknown" if attempts else "not_started")


def test_an_error_of_the_same_name_that_comes_from_elsewhere() -> None:
    """An activity may be guarded itself: that is its own error."""
    own = Failure("CircuitBreakerOpen", "theirs", details={"breaker": "other"}, attempts=1)
    run, _ = start(own)
    failure, _ = go(run)
    assert (failure.message, failure.details) == ("theirs", {"breaker": "other"})


def test_the_attempts_of_all_calls_are_counted() -> None:
    run, _ = start(rejected(2), Failure("Down", "no", attempts=3))
    failure, _ = go(run)
    assert (failure.type, failure.attempts) == ("Down", 5)


def test_a_wait_ends_with_the_budget() -> None:
    run, _ = start(rejected(), timeouts="{schedule_to_close: 30s}")
    failure, took = go(run)
    assert (failure.type, took) == ("CircuitBreakerOpen", 30)
    run, _ = start(rejected(), timeouts="{schedule_to_close: 10s}")
    assert go(run)[1] == 0, "a wait that does not fit is not begun"
    run, effects = start(rejected(), OK, timeouts="{schedule_to_close: 30s}")
    assert go(run, (12, 1)) == ("paid", 12)
    assert effects.calls[1].timeouts.schedule_to_close == timedelta(seconds=18)


def test_what_a_waiting_step_shows() -> None:
    run, _ = start(rejected(), OK)

    async def look() -> Any:
        work = asyncio.ensure_future(execute(run))
        await asyncio.sleep(1)
        step = take_snapshot(run)["steps"][0]
        await work
        return step

    step = run_in_virtual_time(look())
    assert (step["breaker"], step["next_attempt_at"], step["attempts"]) == (
        "payments",
        "2026-01-01T00:01:10.000Z",
        0,
    )


@pytest.mark.parametrize("attempts", [0, 1])
def test_a_step_that_waits_is_cancelled(attempts: int) -> None:
    run, _ = start(rejected(attempts))
    assert go(run, cancel=5)[0] == "cancelled"


def test_a_worker_that_does_not_ask_is_told_of_once() -> None:
    run, effects = start(ActivityResult("paid", None))
    assert go(run)[0] == "paid"
    assert take_snapshot(run)["unobserved_breakers"] == ["payments"]
    told = [event for event in effects.observed if isinstance(event, BreakerUnobserved)]
    assert told == [BreakerUnobserved(Place("call", "call"), "payments", None)]


@pytest.mark.parametrize("region", ["", "x" * 101, True, None, "\ud800"])
def test_a_value_that_is_no_key(region: Any) -> None:
    run, _ = start(OK, breaker="{name: payments, key: input.region}", data={"region": region})
    failure, _ = go(run)
    assert failure.type == "ExpressionError"
    assert "expected 1 to 100 letters of text or a whole number" in failure.message


def test_a_number_is_a_key() -> None:
    run, effects = start(OK, breaker="{name: payments, key: input.region}", data={"region": 7})
    go(run)
    breaker = effects.calls[0].breaker
    assert breaker is not None
    assert (breaker.key, breaker.final_error_types) == ("7", ("Declined",))


@pytest.mark.parametrize("made", [0, 1, 3, 6])
@pytest.mark.parametrize("kind", ["Down", "Busy", "Odd"])
def test_what_is_left_of_a_policy_goes_on_where_it_was(made: int, kind: str) -> None:
    policy = RetryPolicy.model_validate(
        {
            "initial_interval": "1s",
            "backoff_coefficient": 3,
            "maximum_attempts": 9,
            "by_error": {
                "Busy": {"initial_interval": "2s", "maximum_interval": "40s"},
                "Odd": {"maximum_attempts": 8},
            },
        }
    )
    left = subtract_attempts(policy, made)
    for attempt in range(1, 10 - made):
        wanted = compute_next_wait(policy, made + attempt, Failure(kind, ""), lambda: 1)
        assert compute_next_wait(left, attempt, Failure(kind, ""), lambda: 1) == wanted
