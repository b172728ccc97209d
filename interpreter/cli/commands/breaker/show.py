"""`stepfile breaker show` shows one shared circuit breaker."""

from __future__ import annotations

import click

from interpreter.cli.arguments.breaker_options import name_argument
from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.options import json_option
from interpreter.cli.process.exit import ExitCode


@click.command()
@name_argument
@json_option
@connection_options
def command(name: str, as_json: bool, connection: ConnectionOptions) -> ExitCode:
    """Show a shared circuit breaker, with all its keys.

    The command shows the settings, the state, who has ordered it and why, the last changes of state with their
    causes, and the counters.
    """
    from interpreter.cli.jobs.breakers import show_breaker

    return show_breaker(connection, name, json=as_json)
