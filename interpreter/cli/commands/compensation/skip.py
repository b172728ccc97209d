"""`stepfile compensation skip` gives a compensation up."""

from __future__ import annotations

import click

from interpreter.cli.arguments.compensation_options import order_arguments
from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.process.exit import ExitCode


@click.command()
@order_arguments
def command(
    workflow_id: str, step: str, reason: str, run_id: str | None, connection: ConnectionOptions
) -> ExitCode:
    """Give a compensation up: the step counts as not undone, and the run goes on.

    A compensation that runs is stopped first. If it succeeds meanwhile, the step is undone all the same. One that
    waits for its turn is not tried when that comes. The run reports who has skipped it, and why.
    """
    from interpreter.cli.jobs.compensations import order

    return order(connection, workflow_id, run_id, "skip", step, reason)
