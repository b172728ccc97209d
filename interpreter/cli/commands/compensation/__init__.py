"""`stepfile compensation` acts on a run that undoes what it has done; each of its commands is in the module of its
name."""

from __future__ import annotations

import click

from interpreter.cli.lazy_group import LazyGroup

COMMANDS = ("list", "retry", "skip")
"""The commands in the order of their use."""


@click.group(
    cls=LazyGroup,
    package=__name__,
    names=COMMANDS,
    epilog="""\b
Examples:
  stepfile compensation list order-17
  stepfile compensation retry order-17 pay --reason 'the bank is back'
  stepfile compensation skip order-17 pay --reason 'paid back by hand'""",
)
def command() -> None:
    """Act on a run whose undoing hangs or fails.

    A run that undoes what it has done never needs to be terminated: a compensation that can't succeed is skipped,
    and the run ends with what is true.
    """
