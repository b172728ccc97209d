"""The states of a letter."""

from __future__ import annotations

from enum import Enum


class LetterStatus(Enum):
    """Where a letter stands."""

    OPEN = "open"
    """Somebody has to act on it."""
    REDRIVING = "redriving"
    """What has failed is tried again."""
    POISON = "poison"
    """It was redriven in vain as often as its queue allows. It is kept, and not redriven any more."""
    RESOLVED = "resolved"
    """A redrive has succeeded, or somebody has said that all is well. It has ended."""
    PURGED = "purged"
    """Somebody has thrown it away. It has ended."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more becomes of the letter: the next failure of the effect makes a new one."""
        return self in (LetterStatus.RESOLVED, LetterStatus.PURGED)
