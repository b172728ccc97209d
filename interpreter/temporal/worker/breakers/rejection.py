"""Tell the run that a circuit breaker has rejected an attempt."""

from __future__ import annotations

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from interpreter.effects import BreakerCall
from interpreter.state.breaker import CIRCUIT_BREAKER_OPEN
from interpreter.state.breaker_rejection import Rejection, describe_open
from interpreter.temporal.wire.attempt_marks import build_mark


class AttemptRejected(ApplicationError):
    """The attempt was not made. This error is ready to be sent: it has the mark of the attempts before it."""


def build_rejection(call: BreakerCall, rejection: Rejection, attempts: int) -> AttemptRejected:
    """Build the error of an attempt that was not let through.

    Args:
        call: What the run has said of the breaker.
        rejection: What the run is told.
        attempts: How many attempts were made before.
    """
    return AttemptRejected(
        describe_open(call),
        rejection.to_details(call),
        build_mark(attempts),
        type=CIRCUIT_BREAKER_OPEN,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )
