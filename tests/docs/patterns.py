"""The patterns of Temporal's catalogue, the definitions that show them, and Temporal's own samples in Python.

A sample's lines were counted by hand: lines with code of its workflow (no blank ones, comments or docstrings). Of a
file that also starts a worker and a client, what stands before `async def main`; of one that has activities, too, the
workflow and the data it takes; of a page, its code of the workflow, and if there are several, of the one that does
what the definition does.
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
    samples: Sequence[Sample] = ()
    """None where Temporal shows no workflow of it in Python."""

    def row(self) -> tuple[str, ...]:
        file = DEFINITIONS / f"{self.definition}.yaml"
        return (
            f"[{self.name}]({CATALOGUE}/{self.page})",
            f"[`{file.name}`](../../definitions/{file.name})",
            str(lines_of(file.read_text(encoding="utf-8"))),
            str(sum(sample.lines for sample in self.samples) or "–"),
            ", ".join(sample.link for sample in self.samples) or "–",
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
    Pattern(
        "Polling, infrequent",
        "polling",
        "polling-infrequent",
        [Sample("polling/infrequent/workflows.py", 18, "0a183abe50")],
    ),
    Pattern(
        "Polling, frequent",
        "polling",
        "polling-frequent",
        [Sample("polling/frequent/workflows.py", 14, "63dcdd8287")],
    ),
    Pattern(
        "Polling, periodic",
        "polling",
        "polling-periodic",
        [Sample("polling/periodic_sequence/workflows.py", 37, "00740760be")],
    ),
    Pattern("Long-running activity", "long-running-activity", "heartbeats"),
    Pattern("Approval with timeout", "approval", "approval", [_page("approval", 34, "225942a128")]),
    Pattern("Delayed start", "delayed-start", "delayed-start", [_page("delayed-start", 19, "20a8573909")]),
    # Errors and retries
    Pattern(
        "Fixed count of retries",
        "fixed-count-retries",
        "retry-limited",
        [_page("fixed-count-retries", 23, "80115eef22")],
    ),
    Pattern(
        "Fixed wall-time retries",
        "fixed-wall-time-retries",
        "retry-wall-time",
        [_page("fixed-wall-time-retries", 29, "0b99ea524d")],
    ),
    Pattern(
        "Non-retryable errors",
        "non-retryable-errors",
        "non-retryable-errors",
        [_page("non-retryable-errors", 16, "1906306a1d")],
    ),
    Pattern("Delayed retry", "delayed-retry", "retry-after"),
    Pattern(
        "Fast/slow retries",
        "fast-slow-retries",
        "fast-slow-retries",
        [_page("fast-slow-retries", 37, "0217b7180e")],
    ),
    Pattern(
        "Resumable activity",
        "resumable-activity",
        "resumable-activity",
        [_page("resumable-activity", 65, "1906306a1d")],
    ),
    # Workers and batches
    Pattern(
        "Worker-specific task queue",
        "worker-specific-taskqueue",
        "worker-specific-task-queue",
        [Sample("worker_specific_task_queues/tasks.py", 45, "38e2f21072")],
    ),
    Pattern(
        "Batch with a sliding window",
        "sliding-window",
        "batch-sliding-window",
        [
            Sample("batch_sliding_window/sliding_window_workflow.py", 109, "c32fa47a7c"),
            Sample("batch_sliding_window/record_processor_workflow.py", 17, "01f3ded8ba"),
        ],
    ),
)
"""In the order of the catalogue."""
