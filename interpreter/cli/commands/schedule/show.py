"""`stepfile schedule show` shows one schedule and its last runs."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.options import json_option
from interpreter.cli.process.exit import ExitCode


@click.command()
@click.argument("schedule_id", metavar="ID")
@json_option
@connection_options
def command(schedule_id: str, as_json: bool, connection: ConnectionOptions) -> ExitCode:
    """Show a schedule and its runs.

    The command shows the definition, when the schedule starts runs, the next times, and the last runs with their
    ids, for `stepfile status`.
    """
    from interpreter.cli.jobs.schedules import show_schedule

    return show_schedule(connection, schedule_id, json=as_json)
