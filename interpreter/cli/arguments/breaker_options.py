"""What the commands that give orders to shared circuit breakers have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from interpreter.cli.arguments.connection_options import connection_options
from interpreter.cli.arguments.duration import parse_duration_option

name_argument = click.argument("name", metavar="NAME")

key_option = click.option(
    "--key", metavar="KEY", help="The key, for a breaker that has keys; at most 100 characters."
)

lasts_option = click.option(
    "--for",
    "lasts",
    type=parse_duration_option,
    metavar="DURATION",
    help="How long this holds, at most 36500d.  [default: until another order]",
)


def order_arguments(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every order needs: NAME, `--key`, `--reason` and the options of the connection."""
    reason = click.option(
        "--reason",
        default="",
        metavar="TEXT",
        help="Why, in at most 500 characters; `stepfile breaker show` shows it.",
    )
    for decorate in (connection_options, reason, key_option, name_argument):
        command = decorate(command)
    return command
