"""A snippet is a line of source with a caret under a part of it, as a terminal shows it."""

from __future__ import annotations

from typing import Final, NamedTuple
from unicodedata import combining, east_asian_width

from dsl.problems.masking import Secrets
from dsl.source.map import SourceMap, Span

_BEFORE: Final = 60
"""So many code points are kept before the caret where a line is cut."""
_WIDEST: Final = 110
"""At most so many code points of a line are shown."""
_TAB: Final = "    "
_UNKNOWN: Final = "�"


class Snippet(NamedTuple):
    """A snippet is two lines of the same layout."""

    text: str
    caret: str


def make_snippet(source: SourceMap, span: Span, secrets: Secrets) -> Snippet | None:
    """Cut out the line on which `span` starts, with carets under the part of `span` on it; None for a blank line."""
    line = secrets.mask_line(span.start.line, source.get_line(span.start.line))
    if not line.strip():
        return None
    start = span.start.column - 1
    end = span.end.column - 1 if span.end.line == span.start.line else len(line)
    left, right = _choose_window(line, start)
    shown = "".join(map(_choose_glyph, line[left:right]))
    before = _count_cells(line[left:start])
    carets = max(1, _count_cells(line[start : min(end, right)]))
    opening, closing = "…" if left else "", "…" if right < len(line) else ""
    return Snippet(opening + shown + closing, " " * (len(opening) + before) + "^" * carets)


def make_printable(text: str) -> str:
    """Write `text` on one line, with what is not printable escaped: nothing reaches a terminal raw."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _choose_window(line: str, start: int) -> tuple[int, int]:
    if len(line) <= _WIDEST:
        return 0, len(line)
    left = max(0, min(start - _BEFORE, len(line) - _WIDEST))
    return left, left + _WIDEST


def _choose_glyph(character: str) -> str:
    if character == "\t":
        return _TAB
    return character if character.isprintable() else _UNKNOWN


def _count_cells(text: str) -> int:
    """Count the columns of a terminal that the glyphs of `text` take."""
    return sum(map(_measure_width, "".join(map(_choose_glyph, text))))


def _measure_width(glyph: str) -> int:
    if combining(glyph):
        return 0
    return 2 if east_asian_width(glyph) in "WF" else 1
