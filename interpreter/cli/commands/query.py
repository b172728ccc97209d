"""`stepfile query` asks a run for a value."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.options import run_id_option
from interpreter.cli.process.exit import ExitCode


@click.command(
    epilog="""\b
Examples:
  stepfile query cart-17 total

\b
Exit codes: 0 answered; 1 there is no such run, no worker answers, or the run has no such query."""
)
@click.argument("workflow_id", metavar="ID")
@click.argument("name", metavar="NAME")
@run_id_option
@connection_options
def command(workflow_id: str, name: str, run_id: str | None, connection: ConnectionOptions) -> ExitCode:
    """Query a run.

    NAME is a query that its definition declares, or `status`. The answer is written to standard output, as JSON.
    A query changes nothing. A run that has ended can be queried, too.
    """
    from interpreter.cli.jobs.messages import query

    return query(connection, workflow_id, run_id, name)
