"""The patterns of Temporal's catalogue, the definitions that show them, and Temporal's own samples in Python.

A sample's lines were counted by hand: lines with code of its workflow (no blank ones, comments or docstrings). Of a
file that also starts a worker and a client, what stands before `async def main`; of a page, its code of the workflow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.cases import DEFINITIONS

CATALOGUE = "https://docs.temporal.io/design-patterns"


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of one of Temporal's repositories."""

    path: str
    lines: int
    commit: str
    """At which the lines were counted."""
    repository: str = "temporalio/samples-python"

    @property
    def link(self) -> str:
        return f"[`{self.path}`](https://github.com/{self.repository}/blob/{self.commit}/{self.path})"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, and both ways to write it."""

    name: str
    page: str
    """In the catalogue."""
    definition: str
    samples: Sequence[Sample]

    def row(self) -> tuple[str, ...]:
        file = DEFINITIONS / f"{self.definition}.yaml"
        return (
            f"[{self.name}]({CATALOGUE}/{self.page})",
            f"[`{file.name}`](../../definitions/{file.name})",
            str(lines_of(file.read_text(encoding="utf-8"))),
            str(sum(sample.lines for sample in self.samples)),
            ", ".join(sample.link for sample in self.samples),
        )


def lines_of(definition: str) -> int:
    """Lines that are neither blank nor a comment."""
    return sum(1 for line in map(str.strip, definition.splitlines()) if line and not line.startswith("#"))


def _page(name: str, lines: int, commit: str) -> Sample:
    """The code on a page of the catalogue."""
    return Sample(f"docs/design-patterns/{name}.mdx", lines, commit, "temporalio/documentation")


PATTERNS: Sequence[Pattern] = (
    # Distributed transactions
    Pattern("Saga", "saga-pattern", "trip-booking", [_page("saga-pattern", 45, "0217b7180e")]),
    # Entities and lifecycle
    # Messages
    # Orchestration of tasks
    # External systems
    # Errors and retries
    # Workers and batches
)
"""In the order of the catalogue."""
