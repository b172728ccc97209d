"""What people order about the undoing of one step: to try it again now, or to leave the step not undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from interpreter.failure.failure import Failure, Outcome

OrderKind = Literal["retry", "skip"]

COMPENSATION_SKIPPED = "CompensationSkipped"
"""Type of the error of a step that is not undone because somebody has said so."""


@dataclass(frozen=True, slots=True)
class CompensationOrder:
    """An order about the undoing of one step."""

    kind: OrderKind
    """`retry`: stop what goes on, and begin anew at once. `skip`: stop what goes on, and leave the step as it is."""
    step: str
    """The step that is to be undone: its path in idempotency keys, as people see it."""
    by: str
    """Who has given it: the identity of the client."""
    reason: str
    seen: str | None = None
    """What who has given it has seen of the attempts: `attempt 7: NoAnswer: the hotel is closed`. The server tells
    that to clients, and not to a run whose activity is still tried."""
    by_key: bool = True
    """Whether `step` names items by their keys. Clients before that was said, and histories with their orders, may
    also name them by their numbers: an item with the key 2 and the third item are then called the same."""

    def to_json(self, at: str) -> dict[str, Any]:
        """What is kept of it with the run.

        Args:
            at: When it was given.
        """
        told = {"order": self.kind, "by": self.by, "reason": self.reason, "at": at}
        return told if self.seen is None else {**told, "seen": self.seen}

    def to_failure(self, cause: Failure | None) -> Failure:
        """Say why a step is not undone that somebody has skipped.

        Args:
            cause: Why its compensation has failed, if it has.
        """
        seen = "" if self.seen is None else f" ({self.seen})"
        return Failure(
            COMPENSATION_SKIPPED,
            f"{self.by} has skipped it: {self.reason}{seen}",
            details={"by": self.by, "reason": self.reason, "seen": self.seen},
            cause=cause,
            non_retryable=True,
            outcome=Outcome.UNKNOWN,
        )
