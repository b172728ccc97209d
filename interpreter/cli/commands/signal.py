"""`stepfile signal`: tell a run something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.input import Pair, Whole, assemble
from interpreter.cli.arguments.options import connection_options, payload_argument, run_id_option
from interpreter.cli.display.output import say
from interpreter.cli.process.exit import Exit

if TYPE_CHECKING:
    from interpreter.cli.process.interrupts import Interrupts


@click.command(
    epilog="""\b
Examples:
  stepfile signal order-17 approved by=ann
  stepfile signal order-17 approved @approval.json
  stepfile signal order-17 stop

\b
Exit codes: 0 sent; 1 there is no such run, it has ended, or it does not take that: nothing was sent."""
)
@click.argument("workflow_id", metavar="ID")
@click.argument("name", metavar="NAME")
@payload_argument
@run_id_option
@connection_options
def command(
    workflow_id: str, name: str, parts: Sequence[Pair | Whole], run_id: str | None, connection: Connection
) -> Exit:
    """Tell a run something.

    NAME is a signal that its definition declares. PAYLOAD is KEY=VALUE (repeatable), @FILE, @- or JSON; without
    it the signal has none. Both are checked against the definition that the run was started with. A signal has
    no answer; `stepfile update` waits for one.
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
    from interpreter.temporal.client.messages import send_signal
    from interpreter.temporal.client.run_handle import RunHandle

    run = RunHandle.find(await connection.connect(), workflow_id, run_id)
    await send_signal(run, Message(name, payload))
    say(f'{run.id} was sent "{name}"')
    return Exit.FINE
