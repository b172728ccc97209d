"""One run is shown with all that is known of it without a worker, as text for people, or as a record for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable
from dsl.scalars.time import format_time
from interpreter.cli.display.output import format_json
from interpreter.cli.display.run_overview import RunOverview
from interpreter.cli.display.schedule_overview import format_times
from interpreter.cli.display.wording import LONGEST_LIST, format_span

if TYPE_CHECKING:
    from interpreter.temporal.client.runs.details import RunDetails
    from interpreter.temporal.client.runs.summary import RunSummary


def format_details(details: RunDetails) -> Iterator[str]:
    """Format all that is known of a run, line by line."""
    snapshot, start = details.snapshot, details.start
    overview = RunOverview(snapshot, details.ending)
    yield from overview.format_summary()
    yield from overview.format_troubles()
    if not overview.tells_letters:
        yield from (f"  {make_printable(letter.text)}" for letter in details.letters[-LONGEST_LIST:])
    about = snapshot.definition
    known = (about["name"], about["version"], f"({about['hash']})" if about["hash"] else None)
    yield f"definition  {' '.join(filter(None, known))}"
    yield f"run         {snapshot.run_id}"
    by = f" by {make_printable(start.by)}" if start.by else ""
    yield f"started     {format_times([snapshot.started_at])}{by}, task queue {snapshot.task_queue}"
    if snapshot.ended_at is not None:
        yield f"ended       {format_times([snapshot.ended_at])}"
    yield from _format_before(details)
    if start.problem is not None:
        yield f"not shown   {'input' if start.bundle else 'input and definition'}: {start.problem}"
    if start.definition is not None:
        yield "input"
        yield _indent(format_json(start.input))
    if start.text is not None:
        yield "yaml"
        yield _indent(start.text.rstrip("\n"))
    for name in sorted(start.other_texts):
        yield f"yaml of {name}"
        yield _indent(start.other_texts[name].rstrip("\n"))


def build_details_record(details: RunDetails) -> dict[str, Any]:
    """Build the JSON object: that of `status`, and what else is known."""
    start, overview = details.start, RunOverview(details.snapshot, details.ending).build_record()
    letters = [dict(letter.fields) for letter in details.letters]
    return {
        **overview,
        "definition": {**overview["definition"], "text": start.text, "files": dict(start.other_texts)},
        "input": start.input,
        "memo": dict(details.memo),
        "undone": dict(details.snapshot.undone),
        "dead_letters": overview["dead_letters"] or letters,
        "started_by": start.by,
        "not_shown": start.problem,
        "runs_before": [_build_run_record(run) for run in details.before],
    }


def _format_before(details: RunDetails) -> Iterator[str]:
    shown = details.before[-LONGEST_LIST:]
    for run in shown:
        took = f", {format_span(run.ended_at - run.started_at)}" if run.ended_at is not None else ""
        status = run.status.replace("_", " ")
        yield f"before it   {run.run_id}  {status}  {format_times([run.started_at])}{took}"
    if count := len(details.before) - len(shown):
        yield f"            and {count} more"


def _build_run_record(run: RunSummary) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "status": run.status,
        "started_at": format_time(run.started_at),
        "ended_at": None if run.ended_at is None else format_time(run.ended_at),
    }


def _indent(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())
