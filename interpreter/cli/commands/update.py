"""`stepfile update`: tell a run something, and wait for its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.input import Pair, Whole, assemble
from interpreter.cli.arguments.options import connection_options, payload_argument, run_id_option
from interpreter.cli.display.output import answer, format_json, say
from interpreter.cli.process.exit import Exit

if TYPE_CHECKING:
    from interpreter.cli.process.interrupts import Interrupts


@click.command(
    epilog="""\b
Examples:
  stepfile update cart-17 add sku=A1 amount=2
  total=$(stepfile update cart-17 total)

\b
Exit codes: 0 answered; 1 there is no such run, it has ended, it refuses the update or has no answer;
130 Ctrl-C (what was sent stays sent)."""
)
@click.argument("workflow_id", metavar="ID")
@click.argument("name", metavar="NAME")
@payload_argument
@run_id_option
@connection_options
def command(
    workflow_id: str, name: str, parts: Sequence[Pair | Whole], run_id: str | None, connection: Connection
) -> Exit:
    """Tell a run something, and wait for its answer.

    NAME is an update that its definition declares. PAYLOAD is KEY=VALUE (repeatable), @FILE, @- or JSON; without
    it the update has none. The answer is written to standard output, as JSON. A run may refuse an update: then
    nothing has happened.
    """
    payload: Any = assemble(parts, what="PAYLOAD")

    from interpreter.cli.process.session import run_session

    async def send(_: Interrupts) -> Exit:
        return await _send(workflow_id, run_id, name, payload, connection)

    return run_session(send)


async def _send(
    workflow_id: str, run_id: str | None, name: str, payload: Any, connection: Connection
) -> Exit:
    from interpreter.state.inbox import Message
    from interpreter.temporal.client.messages import send_update
    from interpreter.temporal.client.run_handle import RunHandle

    run = RunHandle.find(await connection.connect(), workflow_id, run_id)
    answer(format_json(await send_update(run, Message(name, payload), waiting=say)))
    return Exit.FINE
