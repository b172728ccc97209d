"""One attempt of an activity on the fake, from the activity's point of view.

An activity there is any function, plain or async. It returns its result, or raises an error; it raises
`ActivityFailed` to say more than a class and a message. If it has to know which attempt it is, it asks
`current_attempt`.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta

from dsl.expressions import JsonValue
from interpreter.effects import ActivityCall


class ActivityFailed(Exception):
    """An activity has failed, and says how: what Temporal's `ApplicationError` is on a real worker."""

    def __init__(
        self,
        message: str,
        type: str,
        *,
        details: JsonValue = None,
        non_retryable: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.type = type
        self.details = details
        self.non_retryable = non_retryable
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Attempt:
    """What an activity can know of the attempt that it is."""

    number: int
    """The first is 1."""
    call: ActivityCall
    task_queue: str
    workflow_id: str


attempt_in_progress: ContextVar[Attempt] = ContextVar("attempt_in_progress")
"""Is set while the code of an activity runs."""


def current_attempt() -> Attempt:
    """Return the attempt that this activity is.

    Raises:
        LookupError: this is no activity on the fake.
    """
    return attempt_in_progress.get()
