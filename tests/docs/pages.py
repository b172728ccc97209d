"""The pages of the documentation, and the blocks of code on them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<language>[\w-]*)[^\n]*\n(?P<text>.*?)^(?P=ticks)$", re.M | re.S)
_HEADING = re.compile(r"^#+ (.+)$", re.M)
_FILE = re.compile(r"`([\w./-]+)`:$")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code."""

    page: Path
    line: int
    """Of the fence, from 1."""
    section: int
    """How many headings stand before it."""
    language: str
    text: str
    file: str | None
    """The name of the file that the text before it says it is: a line that ends with "`NAME`:"."""

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """All blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    outside = _FENCE.sub(lambda fence: " " * len(fence[0]), text)
    found = []
    for fence in _FENCE.finditer(text):
        named = _FILE.search(text[: fence.start()].rstrip())
        found.append(
            Block(
                page=page,
                line=text.count("\n", 0, fence.start()) + 1,
                section=len(_HEADING.findall(outside, 0, fence.start())),
                language=fence["language"],
                text=fence["text"],
                file=named[1] if named else None,
            )
        )
    return found


def all_blocks(language: str) -> list[Block]:
    return [block for page in pages() for block in blocks(page) if block.language == language]


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def headings(page: Path) -> list[str]:
    return _HEADING.findall(prose(page))
