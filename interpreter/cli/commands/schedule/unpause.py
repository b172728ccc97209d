"""`stepfile schedule unpause`."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.options import connection_options
from interpreter.cli.commands.schedule.act import act
from interpreter.cli.process.exit import Exit


@click.command()
@click.argument("schedule_id", metavar="ID")
@click.option("--note", metavar="TEXT", help="Why; without it the schedule keeps the note that it has.")
@connection_options
def command(schedule_id: str, note: str | None, connection: Connection) -> Exit:
    """Start runs again.

    Times that have passed meanwhile are not made up for.
    """
    return act(schedule_id, connection, lambda schedule: schedule.unpause(note), "starts runs again")
