"""`stepfile dlq` works off dead letters; each of its commands is in the module of its name."""

from __future__ import annotations

import click

from interpreter.cli.lazy_group import LazyGroup

COMMANDS = ("list", "show", "stats", "redrive", "resolve", "purge")
"""The commands in the order of their use."""


@click.group(
    cls=LazyGroup,
    package=__name__,
    names=COMMANDS,
    epilog="""\b
Examples:
  stepfile dlq list --queue orders
  stepfile dlq redrive --queue orders --error-type Timeout --rate 50 --reason 'the bank is back'
  stepfile dlq redrive stepfile-letter:orders:order-17/charge --set item.amount=5
  stepfile dlq purge --definition old-report --reason 'nobody needs it'""",
)
def command() -> None:
    """Look at dead letters, and act on them.

    A dead letter is kept for each effect that has failed for good, in a queue of `dead_letter_queues`. It stays until
    a redrive has succeeded, or until somebody says that it is resolved, or purges it.
    """
