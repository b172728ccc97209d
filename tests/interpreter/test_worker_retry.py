"""What a worker tells the server about an attempt that has failed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dsl.model import RetryPolicy
from interpreter.failure.failure import Failure
from interpreter.failure.worker_retry import SHORTEST_DELAY, WorkerVerdict, decide_in_worker, worker_part

SECOND = timedelta(seconds=1)
LEFT_TO_THE_SERVER = WorkerVerdict(None, non_retryable=False, exhausted=False)
FINAL = WorkerVerdict(None, non_retryable=True, exhausted=False)
EXHAUSTED = WorkerVerdict(None, non_retryable=False, exhausted=True)


def policy(**said: Any) -> RetryPolicy:
    """A policy with 3 attempts, unless it says otherwise."""
    return RetryPolicy.model_validate({"maximum_attempts": 3, **said})


@pytest.mark.parametrize(
    ("said", "error_type", "attempt", "verdict"),
    [
        pytest.param({"by_error": {"A": {}}}, "B", 1, LEFT_TO_THE_SERVER, id="no clause for it"),
        pytest.param({"by_error": {"A": {}}}, "B", 3, EXHAUSTED, id="no clause, and no attempt left"),
        pytest.param(
            {"by_error": {"A": {"delay": "7s"}}},
            "A",
            1,
            WorkerVerdict(7 * SECOND, False, False),
            id="a delay",
        ),
        pytest.param(
            {"by_error": {"A": {"maximum_attempts": 2}}}, "A", 2, EXHAUSTED, id="attempts of a clause"
        ),
        pytest.param({"non_retryable_error_types": ["Http"]}, "Http.404", 1, FINAL, id="a family"),
        pytest.param(
            {"jitter": "full"}, "A", 2, WorkerVerdict(SECOND, False, False), id="half of two seconds"
        ),
    ],
)
def test_by_the_part_that_the_server_does_not_know(
    said: dict[str, Any], error_type: str, attempt: int, verdict: WorkerVerdict
) -> None:
    part = worker_part(policy(**said))
    assert part is not None
    assert decide_in_worker(part, attempt, Failure(error_type, ""), lambda: 0.5) == verdict


@pytest.mark.parametrize("said", [{}, {"non_retryable_error_types": ["A", "Timeout"]}])
def test_what_the_server_knows_is_left_to_it(said: dict[str, Any]) -> None:
    """It also hears what the activity itself has said."""
    assert worker_part(policy(**said)) is None
    failure = Failure("A", "", non_retryable=True, retry_after=SECOND)
    assert decide_in_worker(None, 9, failure, lambda: 0.5) == WorkerVerdict(SECOND, True, False)


def test_what_the_service_has_asked_for_is_passed_on() -> None:
    failure = Failure("A", "", retry_after=5 * SECOND)
    verdict = decide_in_worker(policy(by_error={"B": {}}), 1, failure, lambda: 0.5)
    assert verdict == WorkerVerdict(5 * SECOND, False, False)


def test_a_delay_is_never_zero() -> None:
    """temporalio would take it for none."""
    verdict = decide_in_worker(policy(jitter="full"), 1, Failure("A", ""), lambda: 0.0)
    assert verdict.retry_after == SHORTEST_DELAY
