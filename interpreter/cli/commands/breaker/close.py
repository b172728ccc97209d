"""`stepfile breaker close` lets a breaker go on as a closed one."""

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
    """Close a breaker: it has counted nothing, and its next failure is the first.

    This also ends the orders `open` and `disable`.
    """
    from interpreter.cli.jobs.breakers import order_breaker

    return order_breaker(connection, name, key, lambda breaker: breaker.close(reason), "is closed")
