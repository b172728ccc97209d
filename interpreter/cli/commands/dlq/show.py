"""`stepfile dlq show` shows one dead letter."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.options import json_option
from interpreter.cli.process.exit import ExitCode


@click.command()
@click.argument("letter_id", metavar="ID")
@json_option
@connection_options
def command(letter_id: str, as_json: bool, connection: ConnectionOptions) -> ExitCode:
    """Show all of a dead letter: what has failed and with what input, how often, and what was ordered.

    It also says what a redrive would do now, and why. This needs no worker.
    """
    from interpreter.cli.jobs.letters import show_letter

    return show_letter(connection, letter_id, json=as_json)
