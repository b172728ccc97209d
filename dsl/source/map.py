"""A source map leads from a path to the place in the text of a definition."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from dsl.source.nodes import Collection, Map, Node, Scalar, get_child
from dsl.source.places import Places, locate_characters

Path = tuple[str | int, ...]
"""The way from the root of the YAML data to a value: keys of maps and indexes of lists, in order."""

_BREAK = re.compile(r"\r\n?|\n")
_COMMENT = re.compile(r"[ \t]+#")


class Position(NamedTuple):
    """A position is a place in a text. Both numbers count from 1; columns count Unicode code points."""

    line: int
    column: int


class Span(NamedTuple):
    """A span is a stretch of text from `start` up to, not including, `end`."""

    start: Position
    end: Position


@dataclass(frozen=True)
class SourceMap:
    """A source map holds a definition's text, and where in it the keys and values stand.

    A value that an alias or `<<` repeats is found where its text stands, at the anchor. A path that the text does not
    have is shown at its nearest ancestor, so that every problem has a place.
    """

    name: str
    """What messages call the text: a file's path, `<stdin>`."""
    text: str = ""
    root: Node | None = field(default=None, repr=False)

    def locate_key(self, path: Path) -> Span:
        """Find the place of the key that ends `path`. If `path` ends in an index, find that of the value."""
        parent = self._find_node(path[:-1])
        if path and isinstance(parent, Map) and path[-1] in parent.entries:
            key = parent.entries[str(path[-1])].key
            return self.locate_span(key.start, key.end)
        return self.locate_value(path)

    def locate_value(self, path: Path) -> Span:
        """Find the place of the value at `path`. Of a map or list of several lines it is only the beginning."""
        node = self._find_nearest(path)
        if node is None:
            return self.locate_span(0, 0)
        if isinstance(node, Collection) and (not node.flow or _BREAK.search(self.text, node.start, node.end)):
            return self.locate_span(node.start, node.head)
        return self.locate_span(node.start, node.end)

    def locate_within(self, path: Path, start: int, end: int) -> Span:
        """Find the place of the code points `start` up to `end` in the text of the scalar at `path`.

        It is exact in every style of scalar. An empty stretch is the place before the character at `start`. It is the
        whole value where `path` is no scalar, an empty one, or one of more than 100,000 characters.
        """
        node = self._find_node(path)
        found = self._find_places(node) if isinstance(node, Scalar) else None
        if found is None:
            return self.locate_value(path)
        begin = found.get_start(start)
        return self.locate_span(begin, found.get_end(end) if end > start else begin)

    def has_comment_after(self, path: Path) -> bool:
        """Tell whether a comment has cut the plain scalar at `path`: `${ a # b }` is only `${ a`."""
        node = self._find_node(path)
        return isinstance(node, Scalar) and not node.style and bool(_COMMENT.match(self.text, node.end))

    def get_raw(self, path: Path) -> str:
        """Get the value at `path` as it is written, with quotes; nothing where the text does not have it."""
        node = self._find_node(path)
        return self.text[node.start : node.end] if node else ""

    def get_line(self, number: int) -> str:
        """Get the text of a line, counted from 1, without its end; nothing for a line that is not there."""
        if not 1 <= number <= len(self._line_starts):
            return ""
        start = self._line_starts[number - 1]
        found = _BREAK.search(self.text, start)
        return self.text[start : found.start() if found else None]

    def locate_span(self, start: int, end: int) -> Span:
        """Find the stretch between two offsets into the text, in code points."""
        return Span(self.locate_offset(start), self.locate_offset(end))

    def locate_offset(self, offset: int) -> Position:
        """Find the place of an offset into the text, in code points."""
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(found.end() for found in _BREAK.finditer(self.text))]

    @cached_property
    def _found_places(self) -> dict[int, Places | None]:
        return {}

    def _find_places(self, scalar: Scalar) -> Places | None:
        if id(scalar) not in self._found_places:
            self._found_places[id(scalar)] = locate_characters(self.text, scalar)
        return self._found_places[id(scalar)]

    def _find_node(self, path: Path) -> Node | None:
        node = self.root
        for step in path:
            node = get_child(node, step) if node else None
        return node

    def _find_nearest(self, path: Path) -> Node | None:
        node = self.root
        for step in path:
            below = get_child(node, step) if node else None
            if below is None:
                return node
            node = below
        return node
