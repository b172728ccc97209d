"""Schedules in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable

if TYPE_CHECKING:
    from interpreter.temporal.client.schedules import ScheduleDescription, ScheduleSummary

SHOWN = 3
"""How many of the next, and of the last runs."""


def format_line(schedule: ScheduleSummary, width: int) -> str:
    """`report  0 9 * * 1-5   next 2026-01-02 09:00 UTC`."""
    state = "paused" if schedule.paused else f"next {format_times(schedule.next[:1]) or 'never'}"
    return f"{schedule.id:<{width}}  {format_timing(schedule):<20}  {state}"


def format_schedule(schedule: ScheduleDescription) -> Iterator[str]:
    """All of it."""
    about = schedule.definition
    name = f"{about.get('name')} {about.get('version') or ''}".rstrip()
    yield f"{schedule.id}{' paused' if schedule.paused else ''}"
    yield f"  definition  {name} ({about.get('hash')})"
    yield f"  when        {format_timing(schedule)}, overlap {schedule.overlap}, task queue {schedule.task_queue}"
    if schedule.note:
        yield f"  note        {make_printable(schedule.note)}"
    yield f"  next        {format_times(schedule.next[:SHOWN]) or 'never'}{' (when unpaused)' * schedule.paused}"
    skipped = f", {schedule.skipped} times skipped: the run before went on" if schedule.skipped else ""
    yield f"  started     {schedule.started} {'run' if schedule.started == 1 else 'runs'}{skipped}"
    for moment, workflow_id in schedule.recent[-SHOWN:]:
        goes_on = " goes on" if workflow_id in schedule.running else ""
        yield f"    {format_times([moment])}  {workflow_id}{goes_on}"


def build_record(schedule: ScheduleSummary) -> dict[str, Any]:
    """All of it for a program."""
    return {
        **asdict(schedule),
        "definition": dict(schedule.definition),
        "next": [moment.isoformat() for moment in schedule.next],
        "recent": [
            {"started_at": moment.isoformat(), "workflow_id": workflow_id}
            for moment, workflow_id in schedule.recent
        ],
    }


def format_timing(schedule: ScheduleSummary) -> str:
    """`0 9 * * 1-5 (Europe/Oslo)`."""
    zone = f" ({schedule.time_zone})" if schedule.time_zone else ""
    return f"{', '.join(schedule.timing)}{zone}"


def format_times(times: Sequence[datetime]) -> str:
    """`2026-01-02 09:00 UTC, 2026-01-03 09:00 UTC`; empty if there are none."""
    return ", ".join(f"{moment:%Y-%m-%d %H:%M:%S} UTC" for moment in times)
