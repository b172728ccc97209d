"""`stepfile schedule delete` ends a schedule for good."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.process.exit import ExitCode


@click.command()
@click.argument("schedule_id", metavar="ID")
@connection_options
def command(schedule_id: str, connection: ConnectionOptions) -> ExitCode:
    """Delete a schedule.

    It starts no more runs. Runs that have been started continue; `stepfile cancel` stops one.
    """
    from interpreter.cli.jobs.schedules import change_schedule

    return change_schedule(connection, schedule_id, lambda schedule: schedule.delete(), "was deleted")
