"""`stepfile schedule create` lets Temporal start runs of a definition."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.duration import parse_duration_option
from interpreter.cli.arguments.input import Part, assemble
from interpreter.cli.arguments.options import activities_option, input_option, task_queue_option
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.schedule_options import OVERLAPS, Overlap, ScheduleOptions
from interpreter.temporal.client.start_options import InvalidOptions


@click.command(
    epilog="""\b
Examples:
  stepfile schedule create report.yaml --cron '0 9 * * 1-5' --time-zone Europe/Oslo
  stepfile schedule create sync.yaml --every 15m --id sync-a --input shop=a --overlap buffer-one

\b
Exit codes: 0 created; 1 refused, or there is a schedule with this id; 2 neither --cron nor --every."""
)
@click.argument("file", metavar="FILE")
@click.option(
    "--cron",
    multiple=True,
    metavar="EXPR",
    help="When to start a run: `MIN HOUR DAY MONTH WEEKDAY`, or @daily; repeatable.",
)
@click.option(
    "--every",
    multiple=True,
    type=parse_duration_option,
    metavar="DURATION",
    help="How often to start a run; 15m starts one at every quarter of an hour; repeatable.",
)
@click.option(
    "--time-zone",
    metavar="NAME",
    help="Time zone of --cron, such as Europe/Oslo.  [default: UTC]",
)
@click.option(
    "--overlap",
    type=click.Choice(OVERLAPS),
    default="skip",
    show_default=True,
    help="What to do when it is time for a run and the run before is still running. terminate-other undoes nothing.",
)
@input_option
@click.option(
    "--id",
    "schedule_id",
    metavar="ID",
    help="Id of the schedule; its runs have this id with their time appended.  [default: the definition's name]",
)
@click.option("--note", metavar="TEXT", help="A note that is shown with the schedule.")
@click.option("--paused", is_flag=True, help="Start no runs until `stepfile schedule unpause`.")
@activities_option
@task_queue_option("Task queue whose workers carry out the runs.")
@connection_options
def command(
    file: str,
    cron: tuple[str, ...],
    every: tuple[timedelta, ...],
    time_zone: str | None,
    overlap: Overlap,
    parts: Sequence[Part],
    schedule_id: str | None,
    note: str | None,
    paused: bool,
    activities: Sequence[str],
    task_queue: str,
    connection: ConnectionOptions,
) -> ExitCode:
    """Let Temporal start runs of a definition.

    The id of the schedule is written to standard output. Definition and input are checked now, and the schedule
    keeps them: what becomes of the file later does not matter.
    """
    data = assemble(parts, file)
    try:
        options = ScheduleOptions(
            cron=cron, every=every, time_zone=time_zone, overlap=overlap, note=note, paused=paused
        )
    except InvalidOptions:
        raise click.UsageError("a schedule needs times: give --cron or --every") from None

    from interpreter.cli.arguments.document import read_document
    from interpreter.cli.arguments.project import try_load_catalogue
    from interpreter.cli.jobs.schedules import create_schedule
    from interpreter.temporal.client.submission import prepare

    submission = prepare(read_document(file), data, try_load_catalogue(activities, file))
    return create_schedule(connection, submission, options, schedule_id, task_queue, file)
