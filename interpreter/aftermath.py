"""What was done about a failure: shown by the query `status`, and in the details of a run that has failed."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Undone = Literal["completed", "failed", "skipped"]


class CompensationReport(TypedDict):
    """How the undoing of one step has ended."""

    step: str
    status: Undone
    """`failed`: it could not be undone; `skipped`: it was not tried, because one before it had failed."""
    error: dict[str, Any] | None


class DeadLetterReport(TypedDict):
    """A failure that was kept for someone to act on."""

    queue: str
    step: str
    key: str
    """Of the record in the queue."""


class Aftermath(TypedDict):
    """All of it."""

    compensations: list[CompensationReport]
    """In the order in which they were tried."""
    pivot: str | None
    """The step after whose completion nothing was undone any more."""
    dead_letters: list[DeadLetterReport]
    further_errors: list[dict[str, Any]]
    """Errors that came later and have not decided how the run ended: of `on_failure`, `finally` and lost letters."""


NOTHING_DONE: Aftermath = {"compensations": [], "pivot": None, "dead_letters": [], "further_errors": []}
"""Of a run that has not begun."""
