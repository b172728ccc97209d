"""`stepfile status` shows how far a run has come, or how it ended."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.options import json_option, run_id_option
from interpreter.cli.process.exit import ExitCode


@click.command(
    epilog="""\b
Examples:
  stepfile status trip-17
  stepfile status trip-17 --follow | jq .hotel
  stepfile status trip-17 --json | jq '.steps[] | select(.state == "failed")'

\b
Exit codes: 0 there is such a run, and with --follow it completed; 1 there is no such run, or it failed."""
)
@click.argument("workflow_id", metavar="ID")
@run_id_option
@click.option("--follow", is_flag=True, help="Show the steps until the run has ended, then write its result.")
@json_option
@connection_options
def command(
    workflow_id: str, run_id: str | None, follow: bool, as_json: bool, connection: ConnectionOptions
) -> ExitCode:
    """Show how far a run has come.

    The command shows the steps with their state, attempts and errors, what was undone, and how the run ended if it
    has ended. A worker of the run's task queue knows the steps, also after the run has ended. If no worker
    answers, the command shows what Temporal itself knows: the state of the run and the activities it waits for.
    """
    from interpreter.cli.jobs.status import follow_status, show_status

    return (follow_status if follow else show_status)(connection, workflow_id, run_id, json=as_json)
