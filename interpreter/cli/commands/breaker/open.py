"""`stepfile breaker open` keeps all calls from a service."""

from __future__ import annotations

from datetime import timedelta

import click

from interpreter.cli.arguments.breaker_options import lasts_option, order_arguments
from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.process.exit import ExitCode


@click.command()
@lasts_option
@order_arguments
def command(
    name: str,
    key: str | None,
    reason: str,
    lasts: timedelta | None,
    connection: ConnectionOptions,
) -> ExitCode:
    """Let no call through, however well the service is.

    The state is called forced_open. It ends after `--for`, or by another order. After `--for` a single call finds out
    how the service is.
    """
    from interpreter.cli.jobs.breakers import order_breaker

    return order_breaker(
        connection, name, key, lambda breaker: breaker.open(reason, lasts=lasts), "is forced open"
    )
