"""`stepfile schedule delete`."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.options import connection_options
from interpreter.cli.commands.schedule.act import act
from interpreter.cli.process.exit import Exit


@click.command()
@click.argument("schedule_id", metavar="ID")
@connection_options
def command(schedule_id: str, connection: Connection) -> Exit:
    """Start no runs any more.

    Runs that go on go on: `stepfile cancel` stops one.
    """
    return act(schedule_id, connection, lambda schedule: schedule.delete(), "is deleted")
