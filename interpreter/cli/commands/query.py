"""`stepfile query`: ask a run for something."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.options import connection_options, run_id_option
from interpreter.cli.display.output import answer, format_json
from interpreter.cli.process.exit import Exit

if TYPE_CHECKING:
    from interpreter.cli.process.interrupts import Interrupts


@click.command(
    epilog="""\b
Examples:
  stepfile query cart-17 total

\b
Exit codes: 0 answered; 1 there is no such run, no worker answers, or the run has no such query."""
)
@click.argument("workflow_id", metavar="ID")
@click.argument("name", metavar="NAME")
@run_id_option
@connection_options
def command(workflow_id: str, name: str, run_id: str | None, connection: Connection) -> Exit:
    """Ask a run for something.

    NAME is a query that its definition declares, or `status`. The answer is written to standard output, as JSON.
    It changes nothing, and a run that has ended answers, too.
    """
    from interpreter.cli.process.session import run_session

    async def ask(_: Interrupts) -> Exit:
        return await _ask(workflow_id, run_id, name, connection)

    return run_session(ask)


async def _ask(workflow_id: str, run_id: str | None, name: str, connection: Connection) -> Exit:
    from interpreter.temporal.client.messages import ask
    from interpreter.temporal.client.run_handle import RunHandle

    run = RunHandle.find(await connection.connect(), workflow_id, run_id)
    answer(format_json(await ask(run, name)))
    return Exit.FINE
