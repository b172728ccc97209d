"""The patterns of Temporal's catalogue, the definitions that show them, and Temporal's own samples in Python.

A sample's lines were counted by hand: lines with code of its workflow (no blank ones, comments or docstrings). Of a
file that also starts a worker and a client, what stands before `async def main`; of a page, its code of the workflow,
and if there are several, of the one that does what the definition does.
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
    Pattern("Early return", "early-return", "early-return", [_page("early-return", 50, "59f0db49ed")]),
    Pattern(
        "Idempotent distributed transaction",
        "idempotent-distributed-transactions",
        "idempotent-transaction",
        [_page("idempotent-distributed-transactions", 101, "3f4ebb67bf")],
    ),
    # Entities and lifecycle
    Pattern("Entity workflow", "entity-workflow", "entity", [_page("entity-workflow", 64, "26d628605f")]),
    Pattern(
        "Continue-as-new", "continue-as-new", "continue-as-new", [_page("continue-as-new", 22, "1906306a1d")]
    ),
    Pattern(
        "Updatable timer",
        "updatable-timer",
        "updatable-timer",
        [
            Sample("updatable_timer/workflow.py", 24, "88e3d6e60b"),
            Sample("updatable_timer/updatable_timer_lib.py", 30, "c3d9033462"),
        ],
    ),
    # Messages
    Pattern(
        "Signal with start",
        "signal-with-start",
        "signal-with-start",
        [_page("signal-with-start", 25, "217f451aae")],
    ),
    Pattern(
        "Request-response by update",
        "request-response-via-updates",
        "request-response",
        [_page("request-response-via-updates", 32, "3f4ebb67bf")],
    ),
    Pattern(
        "Event accumulator",
        "event-accumulator",
        "event-accumulator",
        [_page("event-accumulator", 40, "329191aef8")],
    ),
    # Orchestration of tasks
    Pattern(
        "Child workflows",
        "child-workflows",
        "child-workflows",
        [Sample("hello/hello_child_workflow.py", 23, "0b1c586b7c")],
    ),
    Pattern(
        "Parallel execution",
        "parallel-execution",
        "parallel-execution",
        [_page("parallel-execution", 31, "0217b7180e")],
    ),
    Pattern("Pick first", "pick-first", "pick-first", [_page("pick-first", 39, "0217b7180e")]),
    # External systems
    # Errors and retries
    # Workers and batches
)
"""In the order of the catalogue."""
