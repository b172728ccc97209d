"""Search attributes of ours, by which a server finds runs that somebody should look at.

They are plain keywords, and a run writes one only when it has something to say, so that a healthy run has no event
more. None is needed: docs/decisions/039-search-attributes.md. Their names are part of histories: never change them.
"""

from __future__ import annotations

from collections.abc import Mapping

from temporalio.common import SearchAttributeKey

FAILED_STEP = SearchAttributeKey.for_keyword("StepfileFailedStep")
"""The step that has failed a run, as the definition names it."""

NOT_UNDONE = SearchAttributeKey.for_keyword("StepfileNotUndone")
"""The first step whose effect was to be undone and could not be, as the definition names it."""

LETTERS = SearchAttributeKey.for_keyword("StepfileLetters")
"""The queue of the first dead letter of a run."""

SEARCH_ATTRIBUTES: Mapping[str, SearchAttributeKey[str]] = {
    key.name: key for key in (FAILED_STEP, NOT_UNDONE, LETTERS)
}
"""All of them, by their names."""

LONGEST_VALUE = 255
"""Code points: what the column of a keyword holds in a database of SQL. Part of replay: never change it."""


def cut_keyword(text: str) -> str:
    """Cut a value, so that every server takes it. Who looks for a value cuts it in the same way."""
    return text[:LONGEST_VALUE]
