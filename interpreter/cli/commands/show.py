"""`stepfile show` shows what a run was started with, and what has become of it."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.options import json_option, run_id_option
from interpreter.cli.process.exit import ExitCode


@click.command(
    epilog="""\b
Examples:
  stepfile show trip-17
  stepfile show trip-17 --yaml > as-it-was-run.yaml
  stepfile show trip-17 --json | jq .input

\b
Exit codes: 0 there is such a run; 1 there is none, or with --yaml its definition can't be read here."""
)
@click.argument("workflow_id", metavar="ID")
@run_id_option
@click.option("--yaml", "as_yaml", is_flag=True, help="Write only the definition.")
@json_option
@connection_options
def command(
    workflow_id: str, run_id: str | None, as_yaml: bool, as_json: bool, connection: ConnectionOptions
) -> ExitCode:
    """Show what a run was started with, and what has become of it.

    The command shows how the run stands or has ended, what keeps it from getting on, what was undone, its dead
    letters, the runs with its id before it, its input, and its definition as it was when the run was started. Inputs
    that the definition calls `writeOnly` are not shown. No worker is needed.
    """
    if as_yaml and as_json:
        raise click.UsageError("either --yaml or --json")

    from interpreter.cli.jobs.runs import show_definition, show_run

    if as_yaml:
        return show_definition(connection, workflow_id, run_id)
    return show_run(connection, workflow_id, run_id, json=as_json)
