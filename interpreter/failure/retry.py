"""Retry policies, where it is not the server alone that decides: blocks, attempts behind a circuit breaker, and what
a worker adds to Temporal's own retries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from dsl.model import RetryClause, RetryPolicy
from dsl.model.policies import (
    TEMPORAL_BACKOFF_COEFFICIENT,
    TEMPORAL_INITIAL_INTERVAL,
    TEMPORAL_MAXIMUM_INTERVAL_FACTOR,
)
from dsl.scalars.error_types import ANY, matches
from interpreter.failure.failure import Failure


def compute_next_wait(
    policy: RetryPolicy, attempt: int, failure: Failure, random: Callable[[], float]
) -> timedelta | None:
    """How long to wait before the next attempt; None when the failure is final.

    Args:
        policy: What is not said is Temporal's default.
        attempt: Number of the attempt that has failed; the first is 1.
        failure: How it has failed.
        random: A number from 0 up to 1; in a workflow the same on every replay.
    """
    if is_non_retryable(policy, failure):
        return None
    clause = find_clause(policy, failure.type)
    if _is_exhausted(policy, clause, attempt):
        return None
    if failure.retry_after is not None:
        return failure.retry_after
    if clause is not None and clause.delay is not None:
        return clause.delay
    wait = _compute_backoff(policy, clause or RetryClause.model_construct(), attempt)
    return wait * random() if policy.jitter == "full" else wait


def is_non_retryable(policy: RetryPolicy, failure: Failure) -> bool:
    """Whether another attempt is of no use, whatever the number of this one.

    The answer of an HTTP service can be final by its nature (`Http.404`). A clause for exactly that type says that
    here it is not: its author waits for something that is not there yet.
    """
    wanted_again = failure.type.startswith("Http.") and failure.type in policy.by_error
    return (failure.non_retryable and not wanted_again) or any(
        matches(wanted, failure.type) for wanted in policy.non_retryable_error_types or ()
    )


def find_clause(policy: RetryPolicy, error_type: str) -> RetryClause | None:
    """The clause of `by_error` for an error: of its type, else of its family, else `Any`."""
    for wanted in (error_type, error_type.split(".")[0], ANY):
        if wanted in policy.by_error and matches(wanted, error_type):
            return policy.by_error[wanted]
    return None


def largest_maximum_attempts(policy: RetryPolicy) -> int | None:
    """The attempts that some error may have; None or 0 is no limit."""
    if not policy.maximum_attempts:
        return policy.maximum_attempts
    caps = [
        clause.maximum_attempts for clause in policy.by_error.values() if clause.maximum_attempts is not None
    ]
    return 0 if 0 in caps else max(policy.maximum_attempts, *caps) if caps else policy.maximum_attempts


def subtract_attempts(policy: RetryPolicy, made: int) -> RetryPolicy:
    """Return the policy for what is left of the attempts. The waits go on where they were."""
    if not made:
        return policy
    changed: dict[str, Any] = {
        "initial_interval": _compute_backoff(policy, RetryClause.model_construct(), made + 1),
        "by_error": {name: _subtract_from_clause(policy, one, made) for name, one in policy.by_error.items()},
    }
    if policy.maximum_attempts:
        changed["maximum_attempts"] = max(1, policy.maximum_attempts - made)
    if policy.maximum_interval is None:
        initial = policy.initial_interval or TEMPORAL_INITIAL_INTERVAL
        changed["maximum_interval"] = initial * TEMPORAL_MAXIMUM_INTERVAL_FACTOR
    return policy.model_copy(update=changed)


def _subtract_from_clause(policy: RetryPolicy, clause: RetryClause, made: int) -> RetryClause:
    initial = clause.initial_interval or policy.initial_interval or TEMPORAL_INITIAL_INTERVAL
    longest = clause.maximum_interval or policy.maximum_interval or initial * TEMPORAL_MAXIMUM_INTERVAL_FACTOR
    changed: dict[str, Any] = {
        "initial_interval": _compute_backoff(policy, clause, made + 1),
        "maximum_interval": longest,
    }
    if clause.maximum_attempts:
        changed["maximum_attempts"] = max(1, clause.maximum_attempts - made)
    return clause.model_copy(update=changed)


def _is_exhausted(policy: RetryPolicy, clause: RetryClause | None, attempt: int) -> bool:
    said = clause is not None and clause.maximum_attempts is not None
    most = clause.maximum_attempts if clause is not None and said else policy.maximum_attempts
    return bool(most) and attempt >= (most or 0)


def _compute_backoff(policy: RetryPolicy, clause: RetryClause, attempt: int) -> timedelta:
    """`initial_interval x backoff_coefficient^(attempt - 1)`, at most `maximum_interval`: as Temporal's server."""
    initial = clause.initial_interval or policy.initial_interval or TEMPORAL_INITIAL_INTERVAL
    longest = clause.maximum_interval or policy.maximum_interval or initial * TEMPORAL_MAXIMUM_INTERVAL_FACTOR
    coefficient = clause.backoff_coefficient or policy.backoff_coefficient or TEMPORAL_BACKOFF_COEFFICIENT
    try:
        return min(longest, initial * coefficient ** (attempt - 1))
    except OverflowError:
        return longest
