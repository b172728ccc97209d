"""`stepfile breaker list` shows all shared circuit breakers."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.options import json_option
from interpreter.cli.process.exit import ExitCode


@click.command()
@json_option
@connection_options
def command(as_json: bool, connection: ConnectionOptions) -> ExitCode:
    """Show all shared circuit breakers of the namespace.

    A breaker is known from the first call behind it, and a key of one from its first failure. Both are forgotten
    when nothing was heard of them for an hour. The list needs no worker.
    """
    from interpreter.cli.jobs.breakers import show_breakers

    return show_breakers(connection, json=as_json)
