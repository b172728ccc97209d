"""What a worker sees of shared circuit breakers, and how those who count and log it hear of that.

The guard of a worker is given one listener, which it can't know otherwise. It is called in the event loop of the
worker, before and after each call, so it must be quick and must not wait.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from interpreter.shared_breaker.view import SharedState


class CallEvent(Enum):
    """What has become of one call."""

    PERMITTED = "permitted"
    REJECTED = "rejected"
    IGNORED = "ignored"
    """It was permitted, and its result does not count, because the state has changed meanwhile."""


@dataclass(frozen=True, slots=True)
class StateSeen:
    """A breaker has another state than this worker knew of."""

    key: str
    """Empty if the breaker has no keys."""
    state: SharedState
    cause: str | None = None
    """What has changed it, for people."""
    by: str | None = None
    """Who has ordered it; None if nobody has."""


@dataclass(frozen=True, slots=True)
class NotReached:
    """The entity has not answered."""

    cause: str
    was_reached: bool
    """Whether it had answered the last time."""


@dataclass(frozen=True, slots=True)
class ReachedAgain:
    """The entity answers again."""


SharedBreakerEvent: TypeAlias = CallEvent | StateSeen | NotReached | ReachedAgain

BreakerListener: TypeAlias = Callable[[str, SharedBreakerEvent], None]
"""Is given the name of the breaker, and what has happened."""
