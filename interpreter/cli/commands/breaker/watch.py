"""`stepfile breaker watch` tells when a shared circuit breaker changes its state."""

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
    """Show the state of a shared circuit breaker now, and whenever it has changed, until Ctrl-C.

    With `--json` each state is an object on a line of its own. The breaker need not be known yet.
    """
    from interpreter.cli.jobs.breakers import watch_breaker

    return watch_breaker(connection, name, json=as_json)
