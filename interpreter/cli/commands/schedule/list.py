"""`stepfile schedule list` shows all schedules."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.options import json_option
from interpreter.cli.process.exit import ExitCode


@click.command()
@json_option
@connection_options
def command(as_json: bool, connection: ConnectionOptions) -> ExitCode:
    """Show all schedules of Stepfile.

    Each schedule has one line: its id, when it starts runs, and when it starts the next one.
    """
    from interpreter.cli.jobs.schedules import show_schedules

    return show_schedules(connection, json=as_json)
