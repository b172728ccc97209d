"""`stepfile cancel` requests the cancellation of a run."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.options import run_id_option
from interpreter.cli.process.exit import ExitCode


@click.command(
    epilog="""\b
Exit codes: 0 the cancellation was requested, and with --wait the run was cancelled; 1 there is no such
run, it had ended before, or it ended otherwise."""
)
@click.argument("workflow_id", metavar="ID")
@run_id_option
@click.option("--wait", is_flag=True, help="Show the steps until the run has ended.")
@connection_options
def command(workflow_id: str, run_id: str | None, wait: bool, connection: ConnectionOptions) -> ExitCode:
    """Request the cancellation of a run.

    A worker stops the run and undoes what the run has done, unless its definition says otherwise
    (saga.on_cancel). Temporal's own `terminate` ends a run at once and undoes nothing.
    """
    from interpreter.cli.jobs.cancel import cancel

    return cancel(connection, workflow_id, run_id, wait=wait)
