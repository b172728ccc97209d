"""One letter is wrong, and the check points at it, says nothing else before it, and knows what was meant.

`STEPFILE_EXAMPLES=2000 pytest tests/dsl/test_typos.py` makes a typo of each kind in every word, not only in some.
`python -m tests.dsl.typos` prints which ones are missed.
"""

from __future__ import annotations

import os

import pytest

from tests.dsl.typos.corpus import list_pages
from tests.dsl.typos.measure import Page, Tally, Typo

pytestmark = pytest.mark.no_cover

EVERY = 1 if "STEPFILE_EXAMPLES" in os.environ else 11
"""One in so many typos is looked at. Each word has four, so every kind of typo has its turn."""

TARGETS = {"noticed": 0.99, "first_error": 0.99, "first_problem": 0.98, "suggestion": 0.98}


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    return list_pages()


def test_a_typo_is_found_where_it_is(pages: list[Page]) -> None:
    typos: list[tuple[Page, Typo]] = [(page, typo) for page in pages for typo in page.list_typos()]
    tally = Tally()
    for page, typo in typos[::EVERY]:
        tally.add(page.judge(typo))
    assert tally.all > 500
    assert {name for name, least in TARGETS.items() if tally.rate(name) < least} == set(), str(tally)


def test_every_kind_of_word_is_among_them(pages: list[Page]) -> None:
    """Otherwise the measure could look away from what is hard."""
    kinds = {word.kind for page in pages for word in page.words}
    assert kinds >= {
        "key",
        "choice",
        "step",
        "policy",
        "breaker",
        "queue",
        "definition",
        "variable",
        "message",
    }
    assert kinds >= {"root", "field", "function", "local", "literal", "property", "activity", "error type"}
    assert kinds >= {"schema keyword", "schema type"}
    assert sum(len(page.words) for page in pages) > 2500
