"""What stands in the text: every value with its meaning, its place and its size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from dsl.scalars.json_value import JsonValue


@dataclass(slots=True, eq=False)
class Node:
    """A value. `start` and `end` are offsets into the text, in code points; anchors lie outside."""

    start: int
    end: int
    data: JsonValue
    size: int = field(default=1, kw_only=True)
    """Number of nodes (keys count) with aliases expanded, itself included."""
    height: int = field(default=0, kw_only=True)
    """Levels of maps and lists, itself included: 0 for a scalar."""


@dataclass(slots=True, eq=False)
class Scalar(Node):
    text: str
    """The value as text, quotes and escapes resolved, before it is read as a number, boolean or null."""
    style: str
    """`'`, `"`, `|`, `>`, or nothing for a plain scalar."""


class Entry(NamedTuple):
    """A key and its value in a map."""

    key: Scalar
    value: Node


@dataclass(slots=True, eq=False)
class Collection(Node):
    """A map or a list."""

    flow: bool
    """Written with brackets."""
    head: int
    """End of what is shown for a value of many lines: its first key, dash or bracket."""


@dataclass(slots=True, eq=False)
class Map(Collection):
    entries: dict[str, Entry] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class List(Collection):
    items: list[Node] = field(default_factory=list)


def get_child(node: Node, step: str | int) -> Node | None:
    """The value under a key or at an index of `node`, if there is one."""
    if isinstance(node, Map):
        entry = node.entries.get(step) if isinstance(step, str) else None
        return entry.value if entry else None
    if isinstance(node, List) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None
