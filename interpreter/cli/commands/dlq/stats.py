"""`stepfile dlq stats` counts dead letters."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.letter_options import filter_options
from interpreter.cli.arguments.options import json_option
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.letters.store import LetterFilter


@click.command()
@filter_options
@json_option
@connection_options
def command(wanted: LetterFilter, as_json: bool, connection: ConnectionOptions) -> ExitCode:
    """Count dead letters by queue, definition, step, type of error and state.

    Each line also says since when the oldest of these letters waits.
    """
    from interpreter.cli.jobs.letters import show_letter_stats

    return show_letter_stats(connection, wanted, json=as_json)
