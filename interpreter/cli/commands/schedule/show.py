"""`stepfile schedule show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.options import connection_options, json_option
from interpreter.cli.display.output import answer, format_json
from interpreter.cli.process.exit import Exit

if TYPE_CHECKING:
    from interpreter.cli.process.interrupts import Interrupts


@click.command()
@click.argument("schedule_id", metavar="ID")
@json_option
@connection_options
def command(schedule_id: str, as_json: bool, connection: Connection) -> Exit:
    """Show a schedule and its runs.

    That is its definition, when it starts runs, the next times, and the last runs with their ids, for
    `stepfile status`.
    """
    from interpreter.cli.process.session import run_session

    async def show(_: Interrupts) -> Exit:
        return await _show(schedule_id, as_json, connection)

    return run_session(show)


async def _show(schedule_id: str, json: bool, connection: Connection) -> Exit:
    from interpreter.cli.commands.schedule.describe import build_record, format_schedule
    from interpreter.temporal.client.schedules import StepfileSchedule

    schedule = await StepfileSchedule.find(await connection.connect(), schedule_id).describe()
    answer(format_json(build_record(schedule)) if json else "\n".join(format_schedule(schedule)))
    return Exit.FINE
