"""Each character of a scalar's value has a place in the text.

A value is the text with quotes, escapes, folded line ends and indentation resolved (YAML 1.2.2, chapters 7.3 and
8.1). Here that is done once more, and the places are kept. It is done only for the scalars that have a problem.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Final, NamedTuple

from dsl.source.nodes import Scalar


class Piece(NamedTuple):
    """A piece is a part of the value: either one character, or text that stands in the source as it is."""

    value: str
    start: int
    end: int


class Places(NamedTuple):
    """Places are the offsets at which the characters of a value start and end in the text."""

    starts: array[int]
    ends: array[int]

    def get_start(self, index: int) -> int:
        """Get where the character at `index` starts. If `index` lies behind the last one, get where that ends."""
        return self.starts[index] if index < len(self.starts) else self.ends[-1]

    def get_end(self, index: int) -> int:
        """Get where the stretch up to, not including, the character at `index` ends."""
        return self.ends[min(index, len(self.ends)) - 1]


MAX_LENGTH: Final = 100_000
"""The longest value that is followed, in code points. It takes a quarter of a second."""

_BREAK: Final = re.compile(r"\r\n?|\n")
_FOLD: Final = r"(?P<fold>[ \t]*+(?:(?:\r\n?|\n)[ \t]*+)++)"
_BLANK: Final = r"[ \t]++(?![\r\n])"
_PLAIN: Final = re.compile(rf"(?:{_BLANK}|[^ \t\r\n])++|{_FOLD}")
_SINGLE: Final = re.compile(rf"(?:{_BLANK}|[^' \t\r\n])++|(?P<quote>'')|{_FOLD}")
_DOUBLE: Final = re.compile(
    rf"(?:{_BLANK}|[^\\\" \t\r\n])++|\\(?P<join>(?:(?:\r\n?|\n)[ \t]*+)++)"
    rf"|\\(?:x(?P<x>..)|u(?P<u>.{{4}})|U(?P<U>.{{8}})|(?P<letter>.))|{_FOLD}"
)
_ESCAPES: Final = dict(zip("0abtnvfreN_LP", "\0\a\b\t\n\v\f\r\x1b\x85\xa0\u2028\u2029", strict=True))
_HEADER: Final = re.compile(r"[|>][-+0-9]*[ \t]*(?:#[^\r\n]*)?(?:\r\n?|\n)?")
_LINE: Final = re.compile(r"([^\r\n]*)(\r\n?|\n|\Z)")


def locate_characters(text: str, scalar: Scalar) -> Places | None:
    """Find the places of `scalar.text` in `text`; None if it is empty, or longer than MAX_LENGTH.

    If the text does not lead to the value after all, it is None, too. Otherwise the places would be wrong.
    """
    if not 0 < len(scalar.text) <= MAX_LENGTH:
        return None
    pieces = list(_cut_pieces(text, scalar))
    value = "".join(piece.value for piece in pieces)
    if not value.startswith(scalar.text):
        return None
    starts, ends = array("I"), array("I")
    for piece in pieces:
        alone = len(piece.value) == 1
        starts.extend([piece.start] if alone else range(piece.start, piece.end))
        ends.extend([piece.end] if alone else range(piece.start + 1, piece.end + 1))
    size = len(scalar.text)
    return Places(starts[:size], ends[:size])


def _cut_pieces(text: str, scalar: Scalar) -> Iterator[Piece]:
    match scalar.style:
        case "|":
            return _cut_literal(text, _cut_lines(text, scalar))
        case ">":
            return _cut_folded(text, _cut_lines(text, scalar))
        case "'":
            return _cut_flow(text, _SINGLE.finditer(text, scalar.start + 1, scalar.end - 1))
        case '"':
            return _cut_flow(text, _DOUBLE.finditer(text, scalar.start + 1, scalar.end - 1))
        case _:
            return _cut_flow(text, _PLAIN.finditer(text, scalar.start, scalar.end))


def _cut_flow(text: str, tokens: Iterable[re.Match[str]]) -> Iterator[Piece]:
    for token in tokens:
        start, end = token.span()
        match token.lastgroup:
            case None:
                yield Piece(token[0], start, end)
            case "fold":
                yield from _fold(_find_breaks(text, start, end))
            case "join":
                yield from _find_breaks(text, start, end)[1:]
            case "quote":
                yield Piece("'", start, end)
            case "letter":
                yield Piece(_ESCAPES.get(token["letter"], token["letter"]), start, end)
            case hexadecimal:
                yield Piece(chr(int(token[hexadecimal], 16)), start, end)


def _find_breaks(text: str, start: int, end: int) -> list[Piece]:
    return [Piece("\n", found.start(), found.end()) for found in _BREAK.finditer(text, start, end)]


def _fold(breaks: list[Piece]) -> list[Piece]:
    """Fold line ends: one reads as a space, and of several the first is dropped."""
    return breaks[1:] or [Piece(" ", *breaks[0][1:])]


class _Line(NamedTuple):
    """This is a line of a block scalar without its indentation, and its end."""

    content: Piece
    end: Piece


def _cut_lines(text: str, scalar: Scalar) -> list[_Line]:
    header = _HEADER.match(text, scalar.start)
    assert header is not None
    found = list(_LINE.finditer(text, header.end(), scalar.end))
    indent = _measure_indent([line[1] for line in found], scalar.text)
    return [_cut_line(line, indent) for line in found]


def _cut_line(found: re.Match[str], indent: int) -> _Line:
    start = min(found.start() + indent, found.end(1))
    content = Piece(found[1][indent:], start, found.end(1))
    return _Line(content, Piece("\n", found.end(1), found.end()))


def _measure_indent(lines: list[str], value: str) -> int:
    """Measure the indentation that was taken off: what the first line with content has more than its value."""
    empty = len(value) - len(value.lstrip("\n"))
    if empty == len(value):
        return max(map(len, lines), default=0)
    return _count_spaces(lines[empty]) - _count_spaces(value[empty:])


def _count_spaces(text: str) -> int:
    return sum(1 for _ in takewhile(" ".__eq__, text))


def _cut_literal(text: str, lines: list[_Line]) -> Iterator[Piece]:
    for line in lines:
        yield line.content
        yield line.end


def _cut_folded(text: str, lines: list[_Line]) -> Iterator[Piece]:
    """Join lines by spaces, except next to a line that begins with a blank."""
    breaks: list[Piece] = []
    kept = True
    for line in lines:
        if line.content.value:
            keeps = line.content.value[0] in " \t"
            yield from breaks if kept or keeps else _fold(breaks)
            yield line.content
            breaks, kept = [], keeps
        breaks.append(line.end)
    yield from breaks
