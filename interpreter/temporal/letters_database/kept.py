"""A letter as the database has it, and which letters are meant. Neither needs SQLAlchemy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from interpreter.letters.letter import LetterState
from interpreter.letters.status import LetterStatus


@dataclass(frozen=True, slots=True)
class KeptLetter:
    """A letter as its row has it."""

    state: LetterState
    redrive_run: str | None = None
    """The run id of the redrive that is under way; None as long as nobody is known to have started it."""
    is_current: bool = True
    """Whether it takes the next failure of its effect: it has not ended, and has never been poison."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which letters are meant: those of a namespace that fit all that is said."""

    namespace: str
    statuses: Collection[LetterStatus]
    equal: Mapping[str, str]
    """Name of a column → its value."""
    since: datetime | None = None
    """Letters whose last failure was at that time or later."""
