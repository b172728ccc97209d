"""Every bound of the language stands in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Limits:
    """These are the bounds of expressions v1. They never get stricter: they are part of replay.

    Text is counted in code points, everything else in pieces. `expression`, `nodes`, `nesting`, `depth` and `macros`
    bind when a template is compiled (always at their v1 values); the others bind when it is evaluated.
    """

    V1: ClassVar[Limits]

    expression: int = 4_096
    """Text between `${` and `}`."""
    nodes: int = 1_000
    """Nodes of the syntax tree."""
    nesting: int = 40
    """Brackets inside brackets."""
    depth: int = 200
    """Levels of the syntax tree."""
    macros: int = 3
    """Macros inside macros."""
    fuel: int = 200_000
    """Work of one YAML scalar."""
    text: int = 262_144
    """Length of a text that an expression makes."""
    items: int = 10_000
    """Length of a list (or object) that an expression makes."""
    cells: int = 100_000
    """Values in a result, shared ones counted each time they occur."""
    characters: int = 1_000_000
    """Text in a result, keys included, shared ones counted each time they occur."""


Limits.V1 = Limits()
