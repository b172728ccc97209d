"""`stepfile breaker reset` lets a breaker begin anew."""

from __future__ import annotations

import click

from interpreter.cli.arguments.breaker_options import order_arguments
from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.process.exit import ExitCode


@click.command()
@order_arguments
def command(
    name: str,
    key: str | None,
    reason: str,
    connection: ConnectionOptions,
) -> ExitCode:
    """Close a breaker, and forget its counters and transitions.

    This also ends the orders `open` and `disable`. If the reset changes the
    state, it is kept as the first transition.
    """
    from interpreter.cli.jobs.breakers import order_breaker

    return order_breaker(connection, name, key, lambda breaker: breaker.reset(reason), "was reset")
