"""What every place that keeps letters can do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from interpreter.letters.orders import Order, Outcome
from interpreter.letters.run_end import RunEnd
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary

KEPT = (LetterStatus.OPEN, LetterStatus.REDRIVING, LetterStatus.POISON)
"""The states of letters that have not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """Which letters are meant: those that fit all that is said."""

    queue: str | None = None
    definition: str | None = None
    step: str | None = None
    """A step of one iteration, or the same step in all of them."""
    error_type: str | None = None
    since: datetime | None = None
    """Letters whose last failure was at that time or later."""
    states: tuple[LetterStatus, ...] = KEPT

    @property
    def is_unfiltered(self) -> bool:
        """Whether it means all letters that have not ended."""
        return self == LetterFilter()

    def in_states(self, *states: LetterStatus) -> LetterFilter:
        """Return the same filter, for letters in these states."""
        return replace(self, states=states)

    def fits(self, letter: LetterSummary) -> bool:
        """Whether a letter is one of those."""
        wanted = (
            (self.queue, letter.queue),
            (self.definition, letter.definition),
            (self.error_type, letter.error_type),
        )
        return (
            letter.status in self.states
            and self.step in (None, letter.step, letter.step_name)
            and all(value is None or value == found for value, found in wanted)
            and (self.since is None or letter.last_failed_at >= self.since)
        )


@dataclass(frozen=True, slots=True)
class UndecodableLetter:
    """A letter that may fit a filter or not, because nobody can tell here what is in it."""

    id: str
    why: str
    """What can't be decoded; no whole sentence."""


@dataclass(frozen=True, slots=True)
class Letter:
    """All that is known of one letter."""

    summary: LetterSummary
    record: Mapping[str, Any]
    """What the last run that has failed has written."""
    earlier: tuple[Mapping[str, Any], ...] = ()
    """The records of failures before that one, as far as they are known, oldest first."""
    run_end: RunEnd | None = None
    """What the run that has written `record` has told of its end."""
    waiting: tuple[Order, ...] = ()
    """Orders that nobody has carried out yet, oldest first. What has become of the others is in the summary."""


class LetterStore(Protocol):
    """A place that keeps letters."""

    def list_letters(self, wanted: LetterFilter) -> AsyncIterator[LetterSummary | UndecodableLetter]:
        """List the letters that fit or may fit, in no order that is promised."""
        ...

    async def read_letter(self, letter_id: str) -> Letter:
        """Read a letter.

        Raises:
            LetterProblem: there is no such letter, or it can't be read.
        """
        ...

    async def give_order(self, letter_id: str, order: Order) -> None:
        """Hand an order over, so that it is not lost any more. `find_outcome` tells what becomes of it.

        Raises:
            LetterProblem: there is no such letter, or it has ended.
        """
        ...

    async def find_outcome(self, letter_id: str, order_id: str) -> Outcome | None:
        """What is known by now of an order; None: nobody has carried it out yet.

        Raises:
            LetterProblem: there is no such letter.
        """
        ...
