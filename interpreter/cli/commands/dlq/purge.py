"""`stepfile dlq purge` throws dead letters away."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.letter_options import LetterChoice, OrderOptions, order_arguments
from interpreter.cli.process.exit import ExitCode
from interpreter.letters.orders import Command


@click.command()
@order_arguments
def command(choice: LetterChoice, options: OrderOptions, connection: ConnectionOptions) -> ExitCode:
    """Throw letters away: what has failed need not be done any more.

    Nothing is run. The next failure of the same effect makes a new letter.

    Temporal keeps the order also while no worker runs; the command then says that nobody has carried it out yet.
    """
    from interpreter.cli.jobs.letters import end_letters

    return end_letters(connection, choice, options, Command.PURGE)
