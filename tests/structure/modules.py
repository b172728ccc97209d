"""The modules of Stepfile, as files and as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = [name for name in ("dsl", "interpreter", "stepfile") if (ROOT / name).is_dir()]
"""The packages that are installed."""

EDGES = ("interpreter.temporal", "interpreter.cli", "stepfile")
"""Where the outside world begins, and what users import."""


@dataclass(frozen=True)
class Module:
    """One file."""

    name: str
    """As it is imported."""
    path: Path
    is_package: bool

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it, as in most `__init__.py`."""
        return not self.tree.body

    @property
    def is_at_an_edge(self) -> bool:
        """Whether it belongs to the adapter to Temporal, to the command line, or to what users import."""
        return any(self.name == edge or self.name.startswith(f"{edge}.") for edge in EDGES)

    def locate(self, line: int) -> str:
        """Name a line, so that an editor finds it."""
        return f"{self.path.relative_to(ROOT)}:{line}"


@cache
def read_modules() -> tuple[Module, ...]:
    """All modules of the packages, in the order of their names."""
    return tuple(module for package in PACKAGES for module in _find_below(ROOT / package))


def _find_below(folder: Path) -> Iterator[Module]:
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        yield Module(".".join(parts[:-1] if is_package else parts), path, is_package)
