"""`stepfile compensation list` shows how far the undoing of a run has come."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.options import json_option, run_id_option
from interpreter.cli.process.exit import ExitCode


@click.command()
@click.argument("workflow_id", metavar="ID")
@run_id_option
@json_option
@connection_options
def command(workflow_id: str, run_id: str | None, as_json: bool, connection: ConnectionOptions) -> ExitCode:
    """Show the compensations of a run.

    For each step the command shows whether it is undone, being undone, or not undone, and of a compensation that is
    tried again and again its attempts, its last failure, and since when. The steps that wait for their turn come
    after those that have begun. Without a worker only those are known that have begun.
    """
    from interpreter.cli.jobs.compensations import list_compensations

    return list_compensations(connection, workflow_id, run_id, json=as_json)
