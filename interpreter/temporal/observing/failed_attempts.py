"""A failed attempt of an activity is one line of the log.

temporalio writes a warning with a traceback. Of a call of a definition this makes one line: what has failed, in which
attempt, why, and whether there will be another one. With the level `debug` the traceback stays.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from interpreter.temporal.observing.context import FIELDS, describe_activity
from interpreter.temporal.wire.names import is_stepfile_type
from interpreter.wording import describe_failure

ACTIVITIES = logging.getLogger("temporalio.activity")
OURS = logging.getLogger("stepfile")


def shorten_failed_attempts() -> None:
    """Make one line of each failed attempt, for the whole process."""
    ACTIVITIES.addFilter(_shorten)  # a second time changes nothing


def is_failed_attempt(record: logging.LogRecord) -> bool:
    """Whether temporalio says with this record that an attempt of an activity has failed."""
    return getattr(record, "__temporal_error_identifier", None) == "ActivityFailure"


def _shorten(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if not is_failed_attempt(record) or error is None or not activity.in_activity():
        return True
    info = activity.info()
    if not is_stepfile_type(info.workflow_type or ""):
        return True
    error_type, message = _name(error)
    retried = will_be_retried(error, info)
    context = describe_activity(info)
    about = {"event": "attempt_failed", "activity": info.activity_type, "error_type": error_type}
    setattr(record, FIELDS, {**context, **about, "retried": retried})
    record.msg = "attempt %s of %s failed, %s: %s"
    why = describe_failure(error_type, message)
    record.args = (info.attempt, context["step"], _NEXT[retried], why)
    if not OURS.isEnabledFor(logging.DEBUG):
        record.exc_info = record.exc_text = None
    return True


_NEXT = {
    True: "and there will be another one",
    False: "and the server makes no other one",
    None: "and the server decides about another one",
}


def _name(error: BaseException) -> tuple[str, str]:
    if isinstance(error, ApplicationError):
        return error.type or type(error).__name__, error.message
    return type(error).__name__, str(error)


def will_be_retried(error: BaseException, info: activity.Info) -> bool | None:
    """Whether the server makes another attempt after this one has failed; None if its policy is not known."""
    policy = info.retry_policy
    if isinstance(error, ApplicationError) and error.non_retryable:
        return False
    if policy is None:
        return None
    if _name(error)[0] in (policy.non_retryable_error_types or ()):
        return False
    if 0 < policy.maximum_attempts <= info.attempt:
        return False
    delay = error.next_retry_delay if isinstance(error, ApplicationError) else None
    if delay is None:
        longest = policy.maximum_interval or 100 * policy.initial_interval
        first, factor = policy.initial_interval.total_seconds(), policy.backoff_coefficient
        seconds = min(first * factor ** min(info.attempt - 1, 100), longest.total_seconds())
        delay = timedelta(seconds=seconds)
    if not info.schedule_to_close_timeout:
        return True
    return datetime.now(UTC) + delay < info.scheduled_time + info.schedule_to_close_timeout
