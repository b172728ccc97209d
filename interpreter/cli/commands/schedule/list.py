"""`stepfile schedule list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.options import connection_options, json_option
from interpreter.cli.display.output import answer, format_json, say
from interpreter.cli.process.exit import Exit

if TYPE_CHECKING:
    from interpreter.cli.process.interrupts import Interrupts


@click.command()
@json_option
@connection_options
def command(as_json: bool, connection: Connection) -> Exit:
    """Show all schedules of Stepfile.

    One line for each: its id, when it starts runs, and when the next time is.
    """
    from interpreter.cli.process.session import run_session

    async def show(_: Interrupts) -> Exit:
        return await _list(as_json, connection)

    return run_session(show)


async def _list(json: bool, connection: Connection) -> Exit:
    from interpreter.cli.commands.schedule.describe import build_record, format_line
    from interpreter.temporal.client.schedules import list_schedules

    found = [schedule async for schedule in list_schedules(await connection.connect())]
    found.sort(key=lambda schedule: schedule.id)
    if json:
        answer(format_json([build_record(schedule) for schedule in found]))
    elif not found:
        say("there are none")
    width = max((len(schedule.id) for schedule in found), default=0)
    for schedule in [] if json else found:
        answer(format_line(schedule, width))
    return Exit.FINE
