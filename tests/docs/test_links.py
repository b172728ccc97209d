"""Every link inside the project leads somewhere: to a file, and there to a heading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, headings, pages, prose

_LINK = re.compile(r"\]\((?!https?://|mailto:)(?P<file>[^)#\s]*)(?:#(?P<heading>[^)\s]+))?\)")

_FILE_LINK = re.compile(r"\[`(?P<label>[\w/.-]+(?:\.\w+|/))`\]\((?!https?://)(?P<file>[^)#\s]+)\)")
"""A link whose label is the name of a file or a folder."""


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    assert not [link[0] for link in _LINK.finditer(prose(page)) if not _leads(page, link)]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_a_label_that_names_a_file_names_the_one_to_which_it_leads(page: Path) -> None:
    wrong = [
        link[0]
        for link in _FILE_LINK.finditer(prose(page))
        if not (page.parent / link["file"]).resolve().as_posix().endswith(f"/{link['label'].rstrip('/')}")
    ]
    assert not wrong


def test_every_page_is_in_the_index() -> None:
    index = DOCS / "index.md"
    linked = {(DOCS / link["file"]).resolve() for link in _LINK.finditer(prose(index))}
    wanted = {page for page in DOCS.rglob("*.md") if DOCS / "decisions" not in page.parents}
    assert not wanted - linked - {index}


def test_every_decision_is_in_their_list() -> None:
    decisions = DOCS / "decisions"
    listed = {(decisions / link["file"]).resolve() for link in _LINK.finditer(prose(decisions / "README.md"))}
    assert not set(decisions.glob("0*.md")) - listed


def _leads(page: Path, link: re.Match[str]) -> bool:
    target = (page.parent / link["file"]).resolve() if link["file"] else page
    if not target.exists():
        return False
    return link["heading"] is None or link["heading"] in _anchors(target)


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    return set(map(_anchor, headings(page)))


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
