"""`stepfile compensation retry` tries a compensation again at once."""

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
    """Try a compensation again, at once and from its beginning.

    One that waits for its next attempt, or runs, is stopped first. One that has failed for good is tried again while
    the run undoes other steps: next, or at once with `saga.parallel`. The idempotency key stays the same.
    """
    from interpreter.cli.jobs.compensations import order

    return order(connection, workflow_id, run_id, "retry", step, reason)
