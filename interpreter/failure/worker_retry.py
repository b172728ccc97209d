"""How the retry policy of an activity is shared out between Temporal's server and the worker.

The server repeats an activity, but it knows only a part of what a policy can say: no `by_error`, no jitter, and of
the families of error types only `Timeout`. The rest travels to the worker, which decides after each attempt that has
failed. It can tell the server two things: do not try again, or try again after this time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from dsl.model import RetryPolicy
from dsl.scalars.error_types import FAMILIES
from interpreter.failure.failure import Failure
from interpreter.failure.retry import (
    compute_next_wait,
    find_clause,
    is_non_retryable,
    largest_maximum_attempts,
)

SHORTEST_DELAY = timedelta(milliseconds=1)
"""temporalio takes a `next_retry_delay` of zero for none."""


def worker_part(policy: RetryPolicy) -> RetryPolicy | None:
    """Return the policy, if it has a part that the server does not know; otherwise None."""
    families = FAMILIES.keys() & (policy.non_retryable_error_types or ())
    return policy if policy.by_error or policy.jitter != "none" or families - {"Timeout"} else None


@dataclass(frozen=True, slots=True)
class WorkerVerdict:
    """What the worker tells the server about an attempt that has failed."""

    retry_after: timedelta | None
    """When to try again; None leaves that to the server."""
    non_retryable: bool
    """Another attempt is of no use."""
    exhausted: bool
    """The policy allows this error no further attempt. To the server the error is just non-retryable."""


def decide_in_worker(
    policy: RetryPolicy | None, attempt: int, failure: Failure, random: Callable[[], float]
) -> WorkerVerdict:
    """Decide what the server is told about an attempt that has failed.

    Args:
        policy: The part of the policy that the server does not know, see `worker_part`; None if it knows all.
        attempt: Number of the attempt; the first is 1.
        failure: How it has failed.
        random: A number from 0 up to, but not including, 1; for the jitter.
    """
    if policy is None:
        return WorkerVerdict(failure.retry_after, failure.non_retryable, exhausted=False)
    if is_non_retryable(policy, failure):
        return WorkerVerdict(None, non_retryable=True, exhausted=False)
    wait = compute_next_wait(policy, attempt, failure, random)
    if wait is None:
        return WorkerVerdict(None, non_retryable=False, exhausted=True)
    ours = (
        policy.jitter == "full"
        or find_clause(policy, failure.type) is not None
        or failure.retry_after is not None
    )
    return WorkerVerdict(max(wait, SHORTEST_DELAY) if ours else None, non_retryable=False, exhausted=False)


def server_part(policy: RetryPolicy) -> RetryPolicy:
    """Return the part of the policy by which the server decides."""
    return policy.model_copy(
        update={"by_error": {}, "jitter": "none", "maximum_attempts": largest_maximum_attempts(policy)}
    )
