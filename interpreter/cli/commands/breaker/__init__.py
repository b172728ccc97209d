"""`stepfile breaker` operates shared circuit breakers; each of its commands is in the module of its name."""

from __future__ import annotations

import click

from interpreter.cli.lazy_group import LazyGroup

COMMANDS = ("list", "show", "watch", "open", "close", "disable", "reset")
"""The commands in the order of their use."""


@click.group(
    cls=LazyGroup,
    package=__name__,
    names=COMMANDS,
    epilog="""\b
Examples:
  stepfile breaker list
  stepfile breaker open payments --reason 'their maintenance' --for 2h
  stepfile breaker close payments --reason 'they are back'""",
)
def command() -> None:
    """Look at shared circuit breakers, and give them orders.

    These are the breakers with `scope: shared`, which all runs and workers of a namespace have in common. `stepfile
    status` shows those of one run.
    """
