"""Where things stand in a definition's text: positions, spans, and the map from a path to its span."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]
"""The way from the root of the YAML data to a value: keys of maps and indexes of lists, in order."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text. Both numbers count from 1; columns count Unicode code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text from `start` up to, not including, `end`."""

    start: Position
    end: Position
