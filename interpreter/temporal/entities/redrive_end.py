"""How the run of a redrive has ended, read from Temporal's errors."""

from __future__ import annotations

from temporalio.exceptions import (
    ApplicationError,
    CancelledError,
    ChildWorkflowError,
    FailureError,
    TerminatedError,
    TimeoutError,
)

from interpreter.letters.transitions import RedriveEnd, RedriveResult


def read_redrive_end(error: ChildWorkflowError) -> RedriveEnd:
    """Tell how a run has ended that has not completed."""
    match error.cause:
        case CancelledError() | TerminatedError():
            return RedriveEnd(RedriveResult.STOPPED)
        case ApplicationError(type=kind, message=message):
            return RedriveEnd(RedriveResult.FAILED, kind or "ApplicationError", message)
        case TimeoutError():
            return RedriveEnd(RedriveResult.FAILED, "Timeout", "the run of the redrive has timed out")
        case FailureError(message=message):
            return RedriveEnd(RedriveResult.FAILED, type(error.cause).__name__, message)
        case _:
            return RedriveEnd(RedriveResult.FAILED, "ChildWorkflowFailed", error.message)
