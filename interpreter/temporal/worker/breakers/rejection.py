"""Tell the run that a circuit breaker has rejected an attempt."""

from __future__ import annotations

from datetime import timedelta

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from dsl.scalars.duration import format_duration
from interpreter.effects import BreakerCall
from interpreter.shared_breaker.view import SharedState
from interpreter.state.breaker import CIRCUIT_BREAKER_OPEN
from interpreter.temporal.wire.attempt_marks import build_mark


class AttemptRejected(ApplicationError):
    """The attempt was not made. This error is ready to be sent: it has the mark of the attempts before it."""


def build_rejection(
    call: BreakerCall, state: SharedState, retry_after: timedelta, within: timedelta, attempts: int
) -> AttemptRejected:
    """Build the error of an attempt that was not let through.

    Args:
        call: What the run has said of the breaker.
        state: Its state.
        retry_after: When the breaker may let a call through, at the earliest.
        within: When the step should ask again, at the latest, if nobody wakes it.
        attempts: How many attempts were made before.
    """
    details = {
        "breaker": call.name,
        **({"key": call.key} if call.key else {}),
        "state": state.value,
        "retry_after": format_duration(retry_after),
        "within": format_duration(within),
    }
    return AttemptRejected(
        f'the circuit breaker "{call.name}" is open',
        details,
        build_mark(attempts),
        type=CIRCUIT_BREAKER_OPEN,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )
