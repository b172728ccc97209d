"""Nodes are what stands in the text: every value with its meaning, its place and its size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from dsl.scalars.json_value import JsonValue


@dataclass(slots=True, eq=False)
class Node:
    """A node is a value. `start` and `end` are offsets into the text, in code points. Anchors lie outside."""

    start: int
    end: int
    data: JsonValue
    size: int = field(default=1, kw_only=True)
    """The number of nodes, itself and keys included, with aliases expanded."""
    height: int = field(default=0, kw_only=True)
    """The levels of maps and lists, itself included: 0 for a scalar."""


@dataclass(slots=True, eq=False)
class Scalar(Node):
    """A scalar is a text, a number, true, false or null."""

    text: str
    """The value as text, quotes and escapes resolved, before it is read as a number, boolean or null."""
    style: str
    """The character `'`, `"`, `|` or `>`, or nothing for a plain scalar."""


class Entry(NamedTuple):
    """An entry is a key and its value in a map."""

    key: Scalar
    value: Node


@dataclass(slots=True, eq=False)
class Collection(Node):
    """A collection is a map or a list."""

    flow: bool
    """Whether it is written with brackets."""
    head: int
    """The end of what is shown of a value of many lines: its first key, dash or bracket."""


@dataclass(slots=True, eq=False)
class Map(Collection):
    """A map holds entries by the texts of their keys."""

    entries: dict[str, Entry] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class List(Collection):
    """A list holds nodes."""

    items: list[Node] = field(default_factory=list)


def get_child(node: Node, step: str | int) -> Node | None:
    """Get the value under a key or at an index of `node`; None if there is none."""
    if isinstance(node, Map):
        entry = node.entries.get(step) if isinstance(step, str) else None
        return entry.value if entry else None
    if isinstance(node, List) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None
