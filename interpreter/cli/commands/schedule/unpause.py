"""`stepfile schedule unpause` lets a schedule start runs again."""

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
    """Let a paused schedule start runs again.

    Runs that were due while the schedule was paused are not started later.
    """
    from interpreter.cli.jobs.schedules import change_schedule

    return change_schedule(
        connection, schedule_id, lambda schedule: schedule.unpause(note), "starts runs again"
    )
