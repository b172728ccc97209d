"""How many attempts an activity took: the server knows, but tells neither workflow nor result.

A Stepfile worker sends the number along, where nobody else looks: in the metadata of the result's payload, and
as a last detail of an error. What another worker sends has neither; then the number is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.exceptions import ApplicationError, CancelledError, FailureError

METADATA_KEY = "stepfile-attempt"
DETAIL_KEY = "stepfile_attempt"


def mark_result(payload: Payload, attempt: int) -> Payload:
    """Write the attempt into a payload."""
    payload.metadata[METADATA_KEY] = str(attempt).encode()
    return payload


def attempt_of_result(payload: Payload) -> int | None:
    """Read it back."""
    written = payload.metadata.get(METADATA_KEY)
    return int(written) if written is not None and written.isdigit() else None


def detail(attempt: int) -> dict[str, int]:
    """The last detail of an error."""
    return {DETAIL_KEY: attempt}


def without_attempt(details: tuple[Any, ...]) -> tuple[tuple[Any, ...], int | None]:
    """An error's own details, and the attempt."""
    match details:
        case (*own, dict() as last) if set(last) == {DETAIL_KEY}:
            return tuple(own), last[DETAIL_KEY]
        case _:
            return details, None


def marked(error: ApplicationError, attempt: int, details: Sequence[Any] | None = None) -> ApplicationError:
    """The same error (with other details, if they are given), and the attempt as its last detail."""
    return ApplicationError(
        error.message,
        *(error.details if details is None else details),
        detail(attempt),
        type=error.type,
        non_retryable=error.non_retryable,
        next_retry_delay=error.next_retry_delay,
        category=error.category,
    ).with_traceback(error.__traceback__)


def converted(error: Exception, attempt: int) -> ApplicationError:
    """As temporalio itself does; also for its own errors, which a server refuses as an activity's.

    An activity that reports itself cancelled, and nobody has asked for it, would do so again.
    """
    converted = ApplicationError(
        error.message if isinstance(error, FailureError) else str(error),
        detail(attempt),
        type=type(error).__name__,
        non_retryable=isinstance(error, CancelledError),
    )
    return converted.with_traceback(error.__traceback__)
