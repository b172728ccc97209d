"""Retry policies, where the workflow itself tries again: blocks, and attempts behind a circuit breaker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from dsl.error_types import takes
from dsl.model import RetryPolicy
from interpreter.failure import Failure

TEMPORAL_INITIAL_INTERVAL = timedelta(seconds=1)
TEMPORAL_BACKOFF_COEFFICIENT = 2.0
TEMPORAL_MAXIMUM_FACTOR = 100
"""Temporal's default `maximum_interval`, in initial intervals."""


def next_wait(
    policy: RetryPolicy, attempt: int, failure: Failure, random: Callable[[], float]
) -> timedelta | None:
    """How long to wait before the next attempt; None when the failure is final.

    Args:
        policy: What is not said is Temporal's default.
        attempt: Number of the attempt that has failed; the first is 1.
        failure: How it has failed.
        random: A number from 0 up to 1, the same on every replay.
    """
    if failure.non_retryable or any(takes(t, failure.type) for t in policy.non_retryable_error_types or ()):
        return None
    if policy.maximum_attempts and attempt >= policy.maximum_attempts:
        return None
    if failure.retry_after is not None:
        return failure.retry_after
    return backoff(policy, attempt)


def backoff(policy: RetryPolicy, attempt: int) -> timedelta:
    """`initial_interval x backoff_coefficient^(attempt - 1)`, at most `maximum_interval`: as Temporal's server."""
    initial = policy.initial_interval or TEMPORAL_INITIAL_INTERVAL
    longest = policy.maximum_interval or initial * TEMPORAL_MAXIMUM_FACTOR
    coefficient = policy.backoff_coefficient or TEMPORAL_BACKOFF_COEFFICIENT
    try:
        return min(longest, initial * coefficient ** (attempt - 1))
    except OverflowError:
        return longest
