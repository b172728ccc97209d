"""One attempt of an activity on the fake, from the activity's point of view.

An activity there is any function, plain or async. It returns its result, or raises an error; it raises
`ActivityFailed` to say more than a class and a message. If it has to know which attempt it is, it asks
`current_attempt`.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field
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
    heartbeats: list[tuple[float, JsonValue]] = field(default_factory=list)
    """When each was sent, by the clock of the event loop, and its details."""


attempt_in_progress: ContextVar[Attempt] = ContextVar("attempt_in_progress")
"""Is set while the code of an activity runs."""


def send_heartbeat(*details: JsonValue) -> None:
    """Tell the fake that the attempt in progress is alive, and how far it is."""
    said = details[0] if len(details) == 1 else (list(details) or None)
    current_attempt().heartbeats.append((asyncio.get_running_loop().time(), said))


def current_attempt() -> Attempt:
    """Return the attempt that this activity is.

    Raises:
        LookupError: this is no activity on the fake.
    """
    return attempt_in_progress.get()
