"""What was done about a failure: shown by the query `status`, and in the details of a run that has failed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, NotRequired, TypedDict, TypeVar

from interpreter.events import CompensationOutcome
from interpreter.program.model import Node


class NamedStep(TypedDict):
    """How an entry of a report names its step."""

    step: str
    """The path."""
    key_path: NotRequired[str]
    """The path with the keys of items, where it is another one; an earlier release did not note it."""


class CompensationReport(NamedStep):
    """How the undoing of one step has ended."""

    status: CompensationOutcome
    """`failed`: it could not be undone, or a child has left something that nothing undoes; `skipped`: it was not
    tried, because one before it had failed, or it was given up, because somebody has said so. Then there is an
    `error`, of the type `CompensationSkipped`."""
    error: dict[str, Any] | None
    orders: NotRequired[list[dict[str, Any]]]
    """Who has said what is to be done about it, and why: `{order, by, reason, at}`, in order."""


class DeadLetterReport(NamedStep):
    """A failure that was kept for someone to act on."""

    queue: str
    key: str
    """The key of the record in the queue."""
    error: NotRequired[str]
    """Why the step failed, such as `CardDeclined: no money`; an earlier release did not note it."""


def add_key_path(report: NamedStep, node: Node) -> None:
    """Add the path of a step with the keys of items to what is told of it, where that is another one."""
    if node.key_path != node.path:
        report["key_path"] = node.key_path


LONGEST_REASON = 200
"""Code points of the error in the report of a letter: there may be many, and the letter itself has all of it."""

Entry = TypeVar("Entry")

MAXIMUM_ENTRIES = 1000
"""Part of replay, since expressions see what was undone: never change it."""


class RecentEntries(Generic[Entry]):
    """The last entries of a list that grows with the run: a loop may write letters, and undo, without end."""

    def __init__(self, entries: Iterable[Entry] = (), left_out: int = 0) -> None:
        self._entries = list(entries)[-MAXIMUM_ENTRIES:]
        self.left_out = left_out
        """How many came before them."""

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def add(self, *entries: Entry) -> None:
        """Append entries; the oldest ones make room for them."""
        self._entries += entries
        excess = max(0, len(self._entries) - MAXIMUM_ENTRIES)
        del self._entries[:excess]
        self.left_out += excess

    def withdraw(self, is_meant: Callable[[Entry], bool]) -> None:
        """Take back the entries that hold no longer."""
        self._entries = [entry for entry in self._entries if not is_meant(entry)]


class RunReport(TypedDict):
    """All of it."""

    compensations: list[CompensationReport]
    """In the order in which they were tried."""
    pivot: str | None
    """The step after whose completion nothing was undone any more."""
    dead_letters: list[DeadLetterReport]
    further_errors: list[dict[str, Any]]
    """Errors that came later and have not decided how the run ended: of `on_failure`, `finally` and lost letters."""
    left_out: NotRequired[dict[str, int]]
    """Which of these lists has only the last entries, and how many came before them."""


EMPTY_REPORT: RunReport = {"compensations": [], "pivot": None, "dead_letters": [], "further_errors": []}
"""The report of a run that has not begun."""
