"""`stepfile schedule create`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.duration import parse_duration_option
from interpreter.cli.arguments.input import Pair, Whole, assemble
from interpreter.cli.arguments.options import (
    activities_option,
    connection_options,
    input_option,
    task_queue_option,
)
from interpreter.cli.display.output import answer, say
from interpreter.cli.process.exit import Exit
from interpreter.temporal.client.schedule_options import OVERLAPS, Overlap, ScheduleOptions
from interpreter.temporal.client.start_options import InvalidOptions

if TYPE_CHECKING:
    from interpreter.cli.process.interrupts import Interrupts
    from interpreter.temporal.client.submission import Submission


@click.command(
    epilog="""\b
Examples:
  stepfile schedule create report.yaml --cron '0 9 * * 1-5' --time-zone Europe/Oslo
  stepfile schedule create sync.yaml --every 15m --id sync-a --input shop=a --overlap buffer-one

\b
Exit codes: 0 created; 1 refused, or there is one with this id; 2 no time was given."""
)
@click.argument("file", metavar="FILE")
@click.option(
    "--cron", multiple=True, metavar="EXPR", help="When: `MIN HOUR DAY MONTH WEEKDAY`, or @daily; repeatable."
)
@click.option(
    "--every",
    multiple=True,
    type=parse_duration_option,
    metavar="DURATION",
    help="How often, counted from full hours; repeatable.",
)
@click.option("--time-zone", metavar="NAME", help="Of --cron, as Europe/Oslo.  [default: UTC]")
@click.option(
    "--overlap",
    type=click.Choice(OVERLAPS),
    default="skip",
    show_default=True,
    help="What to do when it is time and the run before goes on. terminate-other undoes nothing.",
)
@input_option
@click.option(
    "--id",
    "schedule_id",
    metavar="ID",
    help="Id of the schedule; without it the definition's name. Its runs have this id and their time.",
)
@click.option("--note", metavar="TEXT", help="For those who look at it.")
@click.option("--paused", is_flag=True, help="Start nothing before `unpause`.")
@activities_option
@task_queue_option("Queue whose workers run it.")
@connection_options
def command(
    file: str,
    cron: tuple[str, ...],
    every: tuple[timedelta, ...],
    time_zone: str | None,
    overlap: Overlap,
    parts: Sequence[Pair | Whole],
    schedule_id: str | None,
    note: str | None,
    paused: bool,
    activities: Sequence[str],
    task_queue: str,
    connection: Connection,
) -> Exit:
    """Let Temporal start runs of a definition.

    The id of the schedule is written to standard output. Definition and input are checked now, and kept: what
    becomes of the file later does not matter.
    """
    data: Any = assemble(parts, file)
    try:
        options = ScheduleOptions(
            cron=cron, every=every, time_zone=time_zone, overlap=overlap, note=note, paused=paused
        )
    except InvalidOptions:
        raise click.UsageError("when? give --cron or --every") from None

    from interpreter.cli.arguments.document import read
    from interpreter.cli.arguments.project import try_load_catalogue
    from interpreter.cli.process.session import run_session
    from interpreter.temporal.client.submission import prepare

    submission = prepare(read(file), data, try_load_catalogue(activities, file))

    async def create(_: Interrupts) -> Exit:
        return await _create(submission, options, schedule_id, task_queue, connection)

    return run_session(create)


async def _create(
    submission: Submission,
    options: ScheduleOptions,
    schedule_id: str | None,
    task_queue: str,
    connection: Connection,
) -> Exit:
    from interpreter.cli.commands.schedule.describe import SHOWN, format_times
    from interpreter.temporal.client.schedules import StepfileSchedule

    schedule = await StepfileSchedule.create(
        await connection.connect(), submission, options, schedule_id=schedule_id, task_queue=task_queue
    )
    answer(schedule.id)
    say(f"next: {format_times((await schedule.describe()).next[:SHOWN]) or 'never'}")
    return Exit.FINE
