"""`stepfile schedule trigger` lets a schedule start a run now."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.schedule_options import OVERLAPS, Overlap


@click.command()
@click.argument("schedule_id", metavar="ID")
@click.option(
    "--overlap",
    type=click.Choice(OVERLAPS),
    help="What to do if a run is still running.  [default: that of the schedule]",
)
@connection_options
def command(schedule_id: str, overlap: Overlap | None, connection: ConnectionOptions) -> ExitCode:
    """Let a schedule start a run now.

    The schedule acts as if it were time: it starts a run even while it is paused, but not if its overlap policy
    says otherwise. `show` tells the id of the run.
    """
    from interpreter.cli.jobs.schedules import change_schedule

    return change_schedule(
        connection, schedule_id, lambda schedule: schedule.trigger(overlap), "was triggered"
    )
