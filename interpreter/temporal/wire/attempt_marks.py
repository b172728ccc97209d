"""How many attempts an activity took, and whether its policy forbids more: the server tells neither.

A Stepfile worker sends it along where nobody else looks: in the metadata of the result's payload, and as a last
detail of an error. What another worker sends has neither; then it is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.exceptions import ApplicationError, FailureError

from dsl.model import RetryPolicy
from interpreter.failure.failure import Failure
from interpreter.failure.worker_retry import decide_in_worker

METADATA_KEY = "stepfile-attempt"
DETAIL_KEY = "stepfile_attempt"
EXHAUSTED_KEY = "stepfile_exhausted"


@dataclass(frozen=True, slots=True)
class Mark:
    """What the last detail of an error tells."""

    attempt: int | None
    exhausted: bool = False
    """A clause of `by_error` allows no further attempt; to the server the error is just non-retryable."""


UNMARKED = Mark(None)


def mark_result(payload: Payload, attempt: int) -> Payload:
    """Write the attempt into a payload."""
    payload.metadata[METADATA_KEY] = str(attempt).encode()
    return payload


def read_attempt(payload: Payload) -> int | None:
    """Read it back."""
    written = payload.metadata.get(METADATA_KEY)
    return int(written) if written is not None and written.isdigit() else None


def build_mark(attempt: int, *, exhausted: bool = False) -> dict[str, Any]:
    """The last detail of an error."""
    return {DETAIL_KEY: attempt, **({EXHAUSTED_KEY: True} if exhausted else {})}


def split_mark(details: tuple[Any, ...]) -> tuple[tuple[Any, ...], Mark]:
    """An error's own details, and the mark."""
    match details:
        case (*own, {"stepfile_attempt": int() as attempt} as last) if set(last) <= {
            DETAIL_KEY,
            EXHAUSTED_KEY,
        }:
            return tuple(own), Mark(attempt, EXHAUSTED_KEY in last)
        case _:
            return details, UNMARKED


def mark_error(
    error: ApplicationError,
    attempt: int,
    policy: RetryPolicy | None = None,
    random: Callable[[], float] = lambda: 1.0,
    details: Sequence[Any] | None = None,
) -> ApplicationError:
    """Add the attempt to an error, as its last detail.

    Args:
        error: What the activity has raised.
        attempt: Number of the attempt.
        policy: Where the server does not know all of it, the policy decides here when to try again, if at all.
        random: For its jitter.
        details: Instead of those of the error.
    """
    failure = Failure(
        error.type or "",
        error.message,
        non_retryable=error.non_retryable,
        retry_after=error.next_retry_delay,
    )
    verdict = decide_in_worker(policy, attempt, failure, random)
    return ApplicationError(
        failure.message,  # one that can be sent
        *(error.details if details is None else details),
        build_mark(attempt, exhausted=verdict.exhausted),
        type=failure.type or None,
        non_retryable=verdict.non_retryable or verdict.exhausted,
        next_retry_delay=verdict.retry_after,
        category=error.category,
    ).with_traceback(error.__traceback__)


def to_application_error(error: Exception) -> ApplicationError:
    """Convert an error of an activity as temporalio itself does.

    It also converts temporalio's own errors, which a server refuses as those of an activity. An activity that raises
    a `CancelledError` though nobody has cancelled it has failed like any other, and is retried as its policy says.
    """
    message = error.message if isinstance(error, FailureError) else str(error)
    converted = ApplicationError(message, type=type(error).__name__)
    return converted.with_traceback(error.__traceback__)
