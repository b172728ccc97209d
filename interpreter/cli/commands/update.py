"""`stepfile update` sends an update to a run, and waits for its answer."""

from __future__ import annotations

from collections.abc import Sequence

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.input import Part, assemble
from interpreter.cli.arguments.options import message_arguments
from interpreter.cli.process.exit import ExitCode


@click.command(
    epilog="""\b
Examples:
  stepfile update cart-17 add sku=A1 amount=2
  total=$(stepfile update cart-17 total)

\b
Exit codes: 0 answered; 1 there is no such run, it has ended, it refuses the update or has no answer;
130 Ctrl-C (an update that was sent is still carried out)."""
)
@message_arguments
def command(
    workflow_id: str, name: str, parts: Sequence[Part], run_id: str | None, connection: ConnectionOptions
) -> ExitCode:
    """Send an update to a run, and wait for its answer.

    NAME is an update that its definition declares. PAYLOAD is KEY=VALUE (repeatable), @FILE, @- or JSON; without
    it the update has no payload. The answer is written to standard output, as JSON. A run may refuse an update;
    then nothing has happened.
    """
    payload = assemble(parts, what="PAYLOAD")

    from interpreter.cli.jobs.messages import update

    return update(connection, workflow_id, run_id, name, payload)
