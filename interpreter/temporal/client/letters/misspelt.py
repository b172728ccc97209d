"""Whether a name in a filter that no letter fits is misspelt."""

from __future__ import annotations

from contextlib import suppress

from dsl.problems.suggest import did_you_mean
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary
from interpreter.temporal.client.letters.problem import LetterProblem
from interpreter.temporal.client.letters.store import LetterFilter, LetterStore

MOST_LETTERS = 5000
"""The names of so many letters are looked at."""


async def describe_no_letter(store: LetterStore, wanted: LetterFilter) -> str:
    """Say that there is no such letter, and which names of the filter are probably misspelt, if that can be told."""
    said = "there is no such dead letter"
    if wanted.in_states() == LetterFilter(since=wanted.since).in_states():
        return said
    known = await _list_some(store)
    hints = (
        _suggest(wanted.queue, {letter.queue for letter in known}),
        _suggest(wanted.definition, {letter.definition for letter in known}),
        _suggest(wanted.step, {name for letter in known for name in (letter.step, letter.step_name)}),
        _suggest(wanted.error_type, {letter.error_type for letter in known}),
    )
    return "; ".join((said, *(hint for hint in hints if hint is not None)))


async def _list_some(store: LetterStore) -> list[LetterSummary]:
    """List letters, the newest first, without those that can't be decoded here."""
    known: list[LetterSummary] = []
    with suppress(LetterProblem):
        async for letter in store.list_letters(LetterFilter().in_states(*LetterStatus)):
            if isinstance(letter, LetterSummary):
                known.append(letter)
            if len(known) == MOST_LETTERS:
                break
    return known


def _suggest(name: str | None, known: set[str]) -> str | None:
    return None if name is None or name in known else did_you_mean(name, known, {})
