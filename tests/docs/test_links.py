"""Every link inside the project leads somewhere: to a file, and there to a heading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, headings, pages, prose

_LINK = re.compile(r"\]\((?!https?://|mailto:)(?P<file>[^)#\s]*)(?:#(?P<heading>[^)\s]+))?\)")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    assert not [link[0] for link in _LINK.finditer(prose(page)) if not _leads(page, link)]


def test_every_page_is_in_the_index() -> None:
    index = DOCS / "index.md"
    linked = {(DOCS / link["file"]).resolve() for link in _LINK.finditer(prose(index))}
    wanted = {page for page in DOCS.rglob("*.md") if DOCS / "decisions" not in page.parents}
    assert not wanted - linked - {index}


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
