"""When another attempt is made, and when not: Temporal's rules, and what clauses and jitter add."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dsl.model import RetryPolicy
from dsl.scalars.duration import parse_duration
from interpreter.failure.failure import Failure
from interpreter.failure.retry import compute_next_wait, largest_maximum_attempts

BY_ERROR = {
    "Busy": {"delay": "30s", "maximum_attempts": 5},
    "Slow": {"initial_interval": "10s", "backoff_coefficient": 1.0},
    "Timeout": {"maximum_attempts": 2},
    "Any": {"maximum_attempts": 4},
}


def policy(**said: Any) -> RetryPolicy:
    return RetryPolicy.model_validate(said)


WAITS: list[tuple[dict[str, Any], int, str, str | None]] = [
    ({}, 1, "E", "1s"),
    ({}, 3, "E", "4s"),
    ({}, 20, "E", "100s"),
    ({}, 5000, "E", "100s"),
    ({"initial_interval": "3s"}, 1, "E", "3s"),
    ({"initial_interval": "3s", "backoff_coefficient": 1.0}, 7, "E", "3s"),
    ({"maximum_interval": "5s"}, 9, "E", "5s"),
    ({"maximum_attempts": 3}, 2, "E", "2s"),
    ({"maximum_attempts": 3}, 3, "E", None),
    ({"maximum_attempts": 0}, 3, "E", "4s"),
    ({"non_retryable_error_types": ["E"]}, 1, "E", None),
    ({"non_retryable_error_types": ["e"]}, 1, "E", "1s"),
    ({"non_retryable_error_types": ["Timeout"]}, 1, "Timeout.StartToClose", None),
    ({"by_error": BY_ERROR}, 4, "Busy", "30s"),
    ({"by_error": BY_ERROR}, 5, "Busy", None),
    ({"by_error": BY_ERROR}, 9, "Slow", "10s"),
    ({"by_error": BY_ERROR}, 1, "Timeout.Heartbeat", "1s"),
    ({"by_error": BY_ERROR}, 2, "Timeout.Heartbeat", None),
    ({"by_error": BY_ERROR}, 3, "Other", "4s"),
    ({"by_error": BY_ERROR}, 4, "Other", None),
    ({"by_error": {"Busy": {"maximum_attempts": 0}}, "maximum_attempts": 2}, 5, "Busy", "16s"),
    ({"jitter": "full"}, 3, "E", "1s"),
    ({"jitter": "full", "by_error": BY_ERROR}, 1, "Busy", "30s"),
]


@pytest.mark.parametrize(("said", "attempt", "error", "wait"), WAITS, ids=str)
def test_the_wait_before_the_next_attempt(
    said: dict[str, Any], attempt: int, error: str, wait: str | None
) -> None:
    found = compute_next_wait(policy(**said), attempt, Failure(error, ""), lambda: 0.25)
    assert found == (parse_duration(wait) if wait else None)


def test_what_the_service_asks_for_comes_before_all_intervals_but_not_before_the_end() -> None:
    asked = Failure("Busy", "", retry_after=timedelta(seconds=7))
    assert compute_next_wait(policy(by_error=BY_ERROR, jitter="full"), 1, asked, lambda: 0.5) == timedelta(
        seconds=7
    )
    assert compute_next_wait(policy(by_error=BY_ERROR), 5, asked, lambda: 0.5) is None


def test_a_definite_error_is_final_whatever_the_policy_says() -> None:
    definite = Failure("Busy", "", non_retryable=True)
    assert compute_next_wait(policy(by_error=BY_ERROR), 1, definite, lambda: 0.5) is None


@pytest.mark.parametrize(
    ("clauses", "wait"),
    [
        ({"Http.404": {"delay": "5s"}}, "5s"),
        ({"Http": {"delay": "5s"}}, None),
        ({"Any": {"delay": "5s"}}, None),
        ({"Http.409": {"delay": "5s"}}, None),
    ],
)
def test_an_answer_that_is_final_is_tried_again_if_a_clause_names_it(
    clauses: dict[str, Any], wait: str | None
) -> None:
    gone = Failure("Http.404", "", non_retryable=True)
    found = compute_next_wait(policy(by_error=clauses), 1, gone, lambda: 0.5)
    assert found == (parse_duration(wait) if wait else None)


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ({}, None),
        ({"maximum_attempts": 3}, 3),
        ({"maximum_attempts": 0, "by_error": {"A": {"maximum_attempts": 2}}}, 0),
        ({"by_error": {"A": {"maximum_attempts": 2}}}, None),
        ({"maximum_attempts": 3, "by_error": {"A": {"maximum_attempts": 2}, "B": {"delay": "1s"}}}, 3),
        ({"maximum_attempts": 3, "by_error": {"A": {"maximum_attempts": 7}}}, 7),
        ({"maximum_attempts": 3, "by_error": {"A": {"maximum_attempts": 0}}}, 0),
        ({"maximum_attempts": 3, "by_error": {"A": {"delay": "1s"}}}, 3),
    ],
    ids=str,
)
def test_the_server_is_told_of_the_most_attempts_that_any_error_may_have(
    said: dict[str, Any], most: int | None
) -> None:
    assert largest_maximum_attempts(policy(**said)) == most
