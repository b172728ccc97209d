"""What a failed run ends with, as an error of Temporal: small enough to be sent, whatever the run has met."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

from dsl.expressions import JsonValue
from interpreter.failure.failure import StepFailed
from interpreter.state.failed_run import NEXT_ATTEMPT, FailedRun, describe_failed_run, may_run_again
from interpreter.state.run import Run
from interpreter.temporal.wire.payloads import find_excess


def build_run_error(run: Run, failed: StepFailed) -> ApplicationError:
    """Wrap what a failed run ends with: the original type and message; in the details, what was done about it.

    Its cause is the activity's own error, where there is one. What would be too large to be sent leaves out the
    details of errors, then the cause, then most of what the report tells of single errors. If even what the next
    attempt must know of what was undone is too large, there is none.
    """
    failure, cause = failed.failure, _find_temporal_cause(failed)
    details = describe_failed_run(run, failure).to_details()
    if _is_too_large(details, cause):
        details = _strip_details(details)
    if _is_too_large(details, cause):
        cause = None
    if _is_too_large(details, cause):
        details = _shorten_report(details)
    can_retry = may_run_again(run, failure) and not _was_the_last_attempt(run)
    if _is_too_large(details, cause):
        can_retry &= details.pop(NEXT_ATTEMPT, None) is None
    message = run.hidden.redact_text(failure.message)
    error = ApplicationError(message, details, type=failure.type, non_retryable=not can_retry)
    error.__cause__ = cause
    return error


def build_refusal(refused: FailedRun) -> ApplicationError:
    """Wrap what a refused run ends with; the details have the same keys as those of a run that failed later."""
    failure = refused.failure
    return ApplicationError(failure.message, refused.to_details(), type=failure.type, non_retryable=True)


def _was_the_last_attempt(run: Run) -> bool:
    """The server counts the attempts of a run anew when it continues as new."""
    policy = workflow.info().retry_policy
    return run.continued and policy is not None and 0 < policy.maximum_attempts <= run.attempt


def _is_too_large(details: dict[str, Any], cause: FailureError | None) -> bool:
    sent = workflow.payload_converter().to_payloads([details, *_collect_parts(cause)])
    return find_excess(sent, "the failure") is not None


def _collect_parts(error: BaseException | None) -> Iterator[Any]:
    """What an error and its causes bring along that may be large."""
    while isinstance(error, FailureError):
        yield error.message
        if isinstance(error, ApplicationError):
            yield from error.details
        error = error.cause


def _strip_details(told: dict[str, Any]) -> dict[str, Any]:
    """Return the same, without the details that errors of activities brought along."""
    return {key: None if key == "details" else _strip_inside(value) for key, value in told.items()}


def _strip_inside(value: JsonValue) -> JsonValue:
    match value:
        case dict():
            return _strip_details(value)
        case list():
            return [_strip_inside(item) for item in value]
        case _:
            return value


_LISTS = ("compensations", "dead_letters", "further_errors")
_LONGEST = 100
"""Letters of each text in a report that was shortened: with them 3,000 entries fit."""


def _shorten_report(told: dict[str, Any]) -> dict[str, Any]:
    """Return the same, with the beginnings of the texts in its lists, and without the causes of what they list."""
    return {key: _shorten(value) if key in _LISTS else value for key, value in told.items()}


def _shorten(value: JsonValue) -> JsonValue:
    match value:
        case dict():
            return {key: None if key == "cause" else _shorten(item) for key, item in value.items()}
        case list():
            return [_shorten(item) for item in value]
        case str() if len(value) > _LONGEST:
            return f"{value[:_LONGEST]}…"
        case _:
            return value


def _find_temporal_cause(error: StepFailed) -> FailureError | None:
    """The activity's own error, below the exceptions of the interpreter: history shows where it came from."""
    cause = error.__cause__
    while isinstance(cause, StepFailed):
        cause = cause.__cause__
    return cause if isinstance(cause, FailureError) else None
