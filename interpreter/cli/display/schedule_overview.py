"""A schedule is shown as text for people, or as a record for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable
from dsl.scalars.time import format_time

if TYPE_CHECKING:
    from interpreter.temporal.client.schedules import ScheduleDescription, ScheduleSummary

SHOWN = 3
"""How many of the next times are shown, and how many of the last runs."""


def format_line(schedule: ScheduleSummary, width: int) -> str:
    """Format one line of a list, such as `report  0 9 * * 1-5   next 2026-01-02 09:00:00 UTC`.

    Args:
        schedule: The schedule.
        width: How many columns the id takes.
    """
    state = "paused" if schedule.paused else f"next {format_times(schedule.next[:1]) or 'never'}"
    return f"{make_printable(schedule.id):<{width}}  {format_timing(schedule):<20}  {state}"


def format_overview(schedule: ScheduleDescription) -> Iterator[str]:
    """Format all that is known of a schedule, line by line."""
    about = schedule.definition
    yield f"{make_printable(schedule.id)}{' paused' if schedule.paused else ''}"
    known = (about.get("name"), about.get("version"), f"({about['hash']})" if about.get("hash") else None)
    yield f"  definition  {' '.join(filter(None, known))}"
    if schedule.undecodable:
        yield (
            "  not shown   version and hash of the definition: its data can't be decoded here "
            f"({schedule.undecodable})"
        )
    yield f"  when        {format_timing(schedule)}, overlap {schedule.overlap}, task queue {schedule.task_queue}"
    if schedule.note:
        yield f"  note        {make_printable(schedule.note)}"
    yield f"  next        {format_times(schedule.next[:SHOWN]) or 'never'}{' (when unpaused)' * schedule.paused}"
    skipped = (
        f", skipped {schedule.skipped} because the run before was still running" if schedule.skipped else ""
    )
    yield f"  started     {schedule.started} {'run' if schedule.started == 1 else 'runs'}{skipped}"
    for moment, workflow_id in schedule.recent[-SHOWN:]:
        running = " running" if workflow_id in schedule.running else ""
        yield f"    {format_times([moment])}  {make_printable(workflow_id)}{running}"


def build_record(schedule: ScheduleSummary) -> dict[str, Any]:
    """Build the JSON object that holds all that is known of a schedule."""
    return {
        **asdict(schedule),
        "definition": dict(schedule.definition),
        "next": [format_time(moment) for moment in schedule.next],
        "recent": [
            {"started_at": format_time(moment), "workflow_id": workflow_id}
            for moment, workflow_id in schedule.recent
        ],
    }


def format_timing(schedule: ScheduleSummary) -> str:
    """Format when a schedule starts runs, such as `0 9 * * 1-5 (Europe/Oslo)`."""
    zone = f" ({schedule.time_zone})" if schedule.time_zone else ""
    return f"{', '.join(schedule.timing)}{zone}"


def format_times(times: Sequence[datetime]) -> str:
    """Format times such as `2026-01-02 09:00:00 UTC, 2026-01-03 09:00:00 UTC`; no times are empty text."""
    return ", ".join(f"{moment:%Y-%m-%d %H:%M:%S} UTC" for moment in times)
