"""Runs are shown as a list for people, or as records for programs."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable
from dsl.scalars.time import format_time
from interpreter.cli.display.schedule_overview import format_times
from interpreter.cli.display.wording import format_span, join_names

if TYPE_CHECKING:
    from interpreter.temporal.client.runs.search import RunSearch
    from interpreter.temporal.client.runs.summary import RunSummary

WIDEST = 60
"""A column is not made wider for the sake of one long id."""


def format_runs(runs: Sequence[RunSummary]) -> Iterator[str]:
    """Format one line for each run; on a terminal a line that is too long is cut."""
    now = datetime.now(UTC)
    cells = [
        (make_printable(run.workflow_id), run.status.replace("_", " "), _name_definition(run)) for run in runs
    ]
    widths = [min(max((len(row[column]) for row in cells), default=0), WIDEST) for column in range(3)]
    for run, row in zip(runs, cells, strict=True):
        aligned = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]
        took = format_span((run.ended_at or now) - run.started_at)
        yield _cut("  ".join((*aligned, format_times([run.started_at]), f"{took:<10}", _note(run))).rstrip())


def build_record(run: RunSummary) -> dict[str, Any]:
    """Build the JSON object of a run."""
    return {
        "workflow_id": run.workflow_id,
        "run_id": run.run_id,
        "status": run.status,
        "definition": dict(run.definition),
        "task_queue": run.task_queue,
        "started_at": format_time(run.started_at),
        "ended_at": None if run.ended_at is None else format_time(run.ended_at),
        "failed_at": run.failed_at,
        "error": None if run.error is None else dict(run.error),
        "undone": dict(run.undone),
        "not_undone": list(run.not_undone),
        "letters": run.letters,
        "stuck": list(run.stuck),
        "undecodable": run.undecodable,
    }


def describe_gaps(search: RunSearch, shown: Sequence[RunSummary]) -> Iterator[str]:
    """Say what of a list is missing, and why."""
    if search.has_reached_limit:
        yield (
            f"only the latest {search.query.limit} runs were looked at, and there are more: "
            "--limit looks at more of them, --since and --definition at fewer"
        )
    if undecided := search.undecided:
        names = join_names([each.run.workflow_id for each in undecided])
        yield (
            f"not listed, because nobody can tell here whether {'it fits' if len(undecided) == 1 else 'they fit'}: "
            f"{names}. Data can't be decoded: {undecided[0].why}"
        )
    if hidden := [run for run in shown if run.undecodable]:
        yield (
            f"version, and what was undone, are not shown of {join_names([run.workflow_id for run in hidden])}: "
            f"data can't be decoded here ({hidden[0].undecodable})"
        )


def _name_definition(run: RunSummary) -> str:
    return " ".join(str(each) for each in (run.definition["name"], run.definition["version"]) if each)


def _note(run: RunSummary) -> str:
    """Say what somebody should know of a run."""
    parts: list[str] = list(run.stuck)
    if run.failed_at is not None:
        why = f": {run.error['type']}: {run.error['message']}" if run.error else ""
        parts.append(f"failed at {run.failed_at}{why}")
    if run.not_undone:
        parts.append(f"NOT undone: {join_names(run.not_undone)}")
    if run.letters is not None:
        parts.append(f"dead letter in {run.letters}")
    return make_printable("; ".join(parts))


def _cut(line: str) -> str:
    if not sys.stdout.isatty():
        return line
    width = shutil.get_terminal_size().columns
    return line if len(line) <= width else f"{line[: width - 1]}…"
