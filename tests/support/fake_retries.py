"""Whether there is another attempt, on the fake: first the worker decides, then the server.

The decisions themselves are the core's (`interpreter.failure`). Only the server's reasons for not trying again are
modelled here, as they were measured on a real one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from enum import Enum

from dsl.model import RetryPolicy
from dsl.scalars.error_types import FAMILIES, TIMEOUTS
from dsl.scalars.json_value import JsonValue
from interpreter.failure.failure import Failure, Outcome
from interpreter.failure.retry import compute_next_wait, is_non_retryable, largest_maximum_attempts
from interpreter.failure.worker_retry import decide_in_worker, worker_part


class RetryState(Enum):
    """Why the server does not try again; the names are Temporal's."""

    NON_RETRYABLE_FAILURE = "NON_RETRYABLE_FAILURE"
    MAXIMUM_ATTEMPTS_REACHED = "MAXIMUM_ATTEMPTS_REACHED"
    TIMEOUT = "TIMEOUT"


NextStep = timedelta | RetryState
"""How long the server waits before the next attempt, or why there is none."""

_FINAL_TIMEOUTS = ("ScheduleToStart", "ScheduleToClose")
"""Timeouts that belong to no attempt; none follows."""


def build_timeout(kind: str, details: JsonValue = None) -> Failure:
    """Build the failure of an attempt, or of an activity, that took too long.

    Args:
        kind: Of the timeout.
        details: Of the last heartbeat.
    """
    outcome = Outcome.NOT_STARTED if kind == "ScheduleToStart" else Outcome.UNKNOWN
    return Failure(f"Timeout.{kind}", f"{kind} timeout", details=details, timeout_type=kind, outcome=outcome)


def decide_after_attempt(
    policy: RetryPolicy, attempt: int, failure: Failure, random: Callable[[], float]
) -> tuple[Failure, NextStep]:
    """Decide what follows when an attempt of an activity has failed.

    Args:
        policy: Of the activity.
        attempt: Number of the attempt; the first is 1.
        failure: How it has failed. The worker hears of an error, but not of a timeout.
        random: For the jitter.

    Returns:
        The failure as the worker reports it to the server, and what the server does then.
    """
    if failure.timeout_type is None:
        verdict = decide_in_worker(worker_part(policy), attempt, failure, random)
        failure = replace(failure, non_retryable=verdict.non_retryable, retry_after=verdict.retry_after)
        if verdict.exhausted:
            return failure, RetryState.MAXIMUM_ATTEMPTS_REACHED
    return failure, decide_on_server(policy, attempt, failure)


def decide_on_server(policy: RetryPolicy, attempt: int, failure: Failure) -> NextStep:
    """Decide as the server does, for an activity or a workflow, by the part of a policy that it knows."""
    if failure.timeout_type in _FINAL_TIMEOUTS:
        return RetryState.TIMEOUT
    known = _keep_what_the_server_knows(policy, failure)
    if is_non_retryable(known, failure):
        return RetryState.NON_RETRYABLE_FAILURE
    wait = compute_next_wait(known, attempt, failure, random=lambda: 1.0)
    return RetryState.MAXIMUM_ATTEMPTS_REACHED if wait is None else wait


def describe_final_failure(policy: RetryPolicy, failure: Failure, state: RetryState) -> Failure:
    """Describe the last failure of an activity as its workflow hears of it.

    When the time for all attempts is used up, the workflow hears of the last error; but if the last attempt itself
    timed out, it hears that all of them took too long.
    """
    if failure.timeout_type is None:
        final = failure.non_retryable or state is RetryState.NON_RETRYABLE_FAILURE
        return replace(failure, retry_state=state.value, non_retryable=final)
    if state is RetryState.TIMEOUT and failure.timeout_type not in _FINAL_TIMEOUTS:
        failure = replace(build_timeout("ScheduleToClose"), cause=failure)
    if state is RetryState.MAXIMUM_ATTEMPTS_REACHED:
        failure = replace(failure, attempts=largest_maximum_attempts(policy))
    return replace(failure, retry_state=state.value)


def _keep_what_the_server_knows(policy: RetryPolicy, failure: Failure) -> RetryPolicy:
    """The server compares types letter by letter, and timeouts have names of their own there."""
    types = policy.non_retryable_error_types or ()
    if failure.timeout_type is None:
        types = tuple(each for each in types if each not in FAMILIES and each not in TIMEOUTS)
    return policy.model_copy(
        update={
            "by_error": {},
            "jitter": "none",
            "maximum_attempts": largest_maximum_attempts(policy),
            "non_retryable_error_types": types,
        }
    )
