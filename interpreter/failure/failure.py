"""The one shape of an error, and how much is known of what a failed step did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum
from typing import Any

from dsl.expressions import ExprError, JsonValue
from dsl.scalars.text import make_sendable


class Outcome(Enum):
    """What is known of a step's effect on the world (semantics of sagas: Seata's third state)."""

    COMPLETED = "completed"
    FAILED = "failed"
    """It failed with an error of its own: taken as definite, it did nothing that lasts."""
    UNKNOWN = "unknown"
    """It timed out after it had started, was cancelled, or its worker was lost: it may have done its work."""
    NOT_STARTED = "not_started"


MAXIMUM_MESSAGE = 10_000
"""Letters of the message of an error. A failed run holds messages several times, and must fit into 2 MB."""


def cut_message(message: str) -> str:
    """Shorten a message that is too long, and say so in it."""
    if len(message) <= MAXIMUM_MESSAGE:
        return message
    note = f"… ({len(message):,} letters in all)"
    return message[: MAXIMUM_MESSAGE - len(note)] + note


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as expressions see it (`error.type`, `error.message`, ...), and as a failed run carries it."""

    type: str
    message: str
    details: JsonValue = None
    step: str | None = None
    attempts: int | None = None
    timeout_type: str | None = None
    """`StartToClose`, `ScheduleToClose`, `ScheduleToStart` or `Heartbeat`."""
    retry_state: str | None = None
    """Temporal's reason for not trying again, for example `MAXIMUM_ATTEMPTS_REACHED`."""
    cause: Failure | None = None
    non_retryable: bool = False
    """The error is definite: nobody may try again, not even a retry policy of the whole workflow."""
    outcome: Outcome = Outcome.FAILED
    stands: bool = False
    """What a child workflow had done stands, wholly or in part: it failed after its pivot, or could not undo all."""
    retry_after: timedelta | None = None
    """How long the service has asked to be left alone (Temporal's `next_retry_delay`)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "type", make_sendable(self.type))
        object.__setattr__(self, "message", cut_message(make_sendable(self.message)))

    def because_of(self, cause: Failure) -> Failure:
        """Say that this failure was raised while another was handled (as Python's `__context__`)."""
        return self if self.cause is not None else replace(self, cause=cause)

    def at_step(self, step: str) -> Failure:
        """Say at which step it happened; the innermost one counts."""
        return self if self.step is not None else replace(self, step=step)

    def chain(self) -> Iterator[Failure]:
        """This failure, its cause, the cause of that, and so on."""
        failure: Failure | None = self
        while failure is not None:
            yield failure
            failure = failure.cause

    def to_json(self) -> dict[str, Any]:
        """What expressions, `status` and the details of a failed run show. `codec` reads it back."""
        return {
            "type": self.type,
            "message": self.message,
            "details": self.details,
            "step": self.step,
            "attempts": self.attempts,
            "timeout_type": self.timeout_type,
            "retry_state": self.retry_state,
            "cause": self.cause.to_json() if self.cause else None,
        }


class StepFailed(Exception):
    """A step has failed for good: after its retries, or at once."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.type}: {failure.message}")
        self.failure = failure


def expression_error(error: ExprError, what: str) -> StepFailed:
    """An expression could not be evaluated: a mistake in the definition or its data, final at once."""
    return StepFailed(
        Failure(
            type="ExpressionError",
            message=f"{what}: {error}",
            details={"code": error.code},
            non_retryable=True,
            outcome=Outcome.NOT_STARTED,
        )
    )
