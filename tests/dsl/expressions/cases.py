"""Reads the case files: `tests/cases/expr/*.yaml` maps the name of a rule to what it gives, and what fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

HERE = Path(__file__).parents[2] / "cases" / "expr"


class Case(NamedTuple):
    """One scalar of one rule; `kind` is the heading it stands under, `expected` what stands there."""

    file: str
    rule: str
    kind: str
    scalar: str
    expected: Any

    @property
    def id(self) -> str:
        return f"{self.file}: {self.rule}: {self.scalar[:60]!a}"


def read(name: str) -> Any:
    """The data of one case file."""
    return YAML(typ="safe", pure=True).load(HERE / f"{name}.yaml")


def cases(kind: str, names: tuple[str, ...]) -> Iterator[Case]:
    """Every case under the heading `kind` of those files."""
    for name in names:
        for rule, headings in read(name).items():
            listed = headings.get(kind, {})
            pairs = listed.items() if isinstance(listed, dict) else ((scalar, None) for scalar in listed)
            for scalar, expected in pairs:
                yield Case(name, rule, kind, scalar, expected)


def exact(value: Any) -> str:
    """A text that is the same for the same JSON only: 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)
