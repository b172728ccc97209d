"""What a search for letters has found: the letters, and those of which nobody can tell here what is in them."""

from __future__ import annotations

from dataclasses import dataclass, field

from interpreter.letters.summary import LetterSummary
from interpreter.temporal.client.decoding import CODEC_HINT
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.client.letters.store import LetterFilter, LetterStore, UndecodableLetter


@dataclass(slots=True)
class FoundLetters:
    """The letters that fit a filter. Other projects in the namespace may have keys that this one does not have."""

    letters: list[LetterSummary] = field(default_factory=list[LetterSummary])
    undecodable: list[UndecodableLetter] = field(default_factory=list[UndecodableLetter])
    """Letters that may fit or not."""

    @property
    def is_empty(self) -> bool:
        """Whether no letter fits, and none may fit."""
        return not (self.letters or self.undecodable)

    def require_all(self) -> list[LetterSummary]:
        """Return the letters.

        Raises:
            LetterProblem: there are others that can't be decoded here.
        """
        if not self.undecodable:
            return self.letters
        first, number = self.undecodable[0], len(self.undecodable)
        which = (
            f"the letter {first.id}" if number == 1 else f"{number} letters, the first of them {first.id},"
        )
        raise LetterProblem(
            f"{which} can't be decoded here: {first.why}",
            f"{CODEC_HINT}; or ask for the letters of one queue",
        )


async def find_letters(store: LetterStore, wanted: LetterFilter) -> FoundLetters:
    """Find the letters that fit.

    Raises:
        LetterProblem: they can't be listed now.
    """
    found = FoundLetters()
    async for letter in store.list_letters(wanted):
        if isinstance(letter, UndecodableLetter):
            found.undecodable.append(letter)
        else:
            found.letters.append(letter)
    return found
