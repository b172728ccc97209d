"""How a run has ended, also one whose result or error can't be decoded here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from temporalio.api.failure.v1 import Failure
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle, WorkflowHistoryEventFilterType
from temporalio.exceptions import ApplicationError, CancelledError, FailureError, TerminatedError
from temporalio.exceptions import TimeoutError as TemporalTimeout

from interpreter.state.failed_run import FailedRun
from interpreter.temporal.client.decoding import UNDECODED

ENDED = frozenset({"completed", "failed", "cancelled", "terminated", "timed_out"})

UNNAMED_TYPE = "ApplicationError"
"""Stands for the type of an error that has none, or whose type is encoded."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    status: str
    """One of `ENDED`."""
    result: Any = None
    error: Mapping[str, Any] | None = None
    """Why the run has not completed: as `error` in expressions, with the `line` in the definition."""
    report: Mapping[str, Any] | None = None
    """What was done about a failure, as in `interpreter.state.report.RunReport`; None if the run has not failed."""
    stands: bool | None = None
    """Whether something is left of what a failed run had done; None if it does not tell."""
    undecodable: str | None = None
    """Why result, error and report can't be decoded here; None if they could."""


def read_status(status: WorkflowExecutionStatus | None) -> str:
    """Read the status of a run: `running`, or one of `ENDED`."""
    if status is WorkflowExecutionStatus.CANCELED:
        return "cancelled"  # as the language spells it
    return status.name.lower() if status else "unknown"


def say_status(status: str) -> str:
    """Say of another run what it does, or how it has ended."""
    match status:
        case "completed" | "failed" | "timed_out":
            return f"has {status.replace('_', ' ')}"
        case "cancelled" | "terminated":
            return f"was {status}"
        case _:
            return f"is {status}"


def classify_ending(cause: BaseException | None) -> Ending:
    """Read from the error of a run how it has ended."""
    match cause:
        case CancelledError():
            return Ending("cancelled")
        case TerminatedError():
            return Ending("terminated", error=_build_error("Terminated", cause.message))
        case TemporalTimeout():
            return Ending("timed_out", error=_build_error("Timeout.Run", "the run timed out"))
        case ApplicationError():
            told = FailedRun.from_details(cause.details[0]) if cause.details else None
            if told is not None:
                error = {**told.failure.to_json(), "line": told.line}
                return Ending("failed", error=error, report=told.report, stands=told.stands)
            return Ending("failed", error=_build_error(cause.type or UNNAMED_TYPE, cause.message))
        case FailureError():
            return Ending("failed", error=_build_error(type(cause).__name__, cause.message))
        case _:
            return Ending("failed", error=_build_error("Unknown", str(cause)))


async def read_undecodable_ending(handle: WorkflowHandle[Any, Any], why: str) -> Ending:
    """Read how a run has ended from what needs no decoding: its status, and the type of its error.

    Args:
        handle: The run, which has ended.
        why: Why the rest can't be decoded here.
    """
    status = read_status((await handle.describe()).status)
    closing = WorkflowHistoryEventFilterType.CLOSE_EVENT
    event = await anext(handle.fetch_history_events(event_filter_type=closing))
    failed = event.workflow_execution_failed_event_attributes
    return Ending(
        status, error=_read_error(failed.failure) if failed.HasField("failure") else None, undecodable=why
    )


def _read_error(failure: Failure) -> dict[str, Any]:
    kind = failure.application_failure_info.type or UNNAMED_TYPE
    encoded = failure.HasField("encoded_attributes")
    return _build_error(kind, UNDECODED if encoded else failure.message)


def _build_error(kind: str, message: str) -> dict[str, Any]:
    return {"type": kind, "message": message}
