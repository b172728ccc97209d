"""`stepfile breaker disable` lets all calls through."""

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
    """Let every call through, and count none.

    The state is called disabled. It ends after `--for`, or by another order.
    """
    from interpreter.cli.jobs.breakers import order_breaker

    return order_breaker(
        connection, name, key, lambda breaker: breaker.disable(reason, lasts=lasts), "is disabled"
    )
