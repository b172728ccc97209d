"""`stepfile dlq list` shows dead letters."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.letter_options import filter_options
from interpreter.cli.arguments.options import json_option
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.letters.store import LetterFilter


@click.command()
@filter_options
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Show at most so many.",
)
@json_option
@connection_options
def command(wanted: LetterFilter, limit: int, as_json: bool, connection: ConnectionOptions) -> ExitCode:
    """Show dead letters, those that have failed last at the end.

    The list needs no worker, and is a moment old. Letters that have ended are shown with `--state`, until Temporal's
    retention of them is over.
    """
    from interpreter.cli.jobs.letters import show_letters

    return show_letters(connection, wanted, limit, json=as_json)
