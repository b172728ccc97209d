"""`stepfile schedule trigger`."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.options import connection_options
from interpreter.cli.commands.schedule.act import act
from interpreter.cli.process.exit import Exit
from interpreter.temporal.client.schedule_options import OVERLAPS, Overlap


@click.command()
@click.argument("schedule_id", metavar="ID")
@click.option(
    "--overlap",
    type=click.Choice(OVERLAPS),
    help="What to do if a run goes on.  [default: that of the schedule]",
)
@connection_options
def command(schedule_id: str, overlap: Overlap | None, connection: Connection) -> Exit:
    """Start a run now.

    As if it were time: also while the schedule is paused, and not if its overlap says so. `show` tells the id of
    the run.
    """
    return act(schedule_id, connection, lambda schedule: schedule.trigger(overlap), "was triggered")
