"""`stepfile schedule pause` lets a schedule start no runs for a while."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.options import note_option
from interpreter.cli.process.exit import ExitCode


@click.command()
@click.argument("schedule_id", metavar="ID")
@note_option
@connection_options
def command(schedule_id: str, note: str | None, connection: ConnectionOptions) -> ExitCode:
    """Pause a schedule.

    It starts no runs until `unpause`. Runs that have been started continue. `trigger` also works while the schedule
    is paused.
    """
    from interpreter.cli.jobs.schedules import change_schedule

    return change_schedule(connection, schedule_id, lambda schedule: schedule.pause(note), "is paused")
