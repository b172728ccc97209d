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
@click.option(
    "--prometheus", is_flag=True, help="Write gauges by queue, for the textfile collector of Prometheus."
)
@connection_options
def command(wanted: LetterFilter, as_json: bool, prometheus: bool, connection: ConnectionOptions) -> ExitCode:
    """Count dead letters by queue, definition, step, type of error and state.

    Each line also says since when the oldest of these letters waits.
    """
    if as_json and prometheus:
        raise click.UsageError("either --json or --prometheus: they are two formats")

    from interpreter.cli.jobs.letters import show_letter_metrics, show_letter_stats

    if prometheus:
        return show_letter_metrics(connection, wanted)
    return show_letter_stats(connection, wanted, json=as_json)
