"""`stepfile signal` sends a signal to a run."""

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
  stepfile signal order-17 approved by=ann
  stepfile signal order-17 approved @approval.json
  stepfile signal order-17 stop

\b
Exit codes: 0 sent; 1 nothing was sent: there is no such run, it has ended, or it does not accept this
signal."""
)
@message_arguments
def command(
    workflow_id: str, name: str, parts: Sequence[Part], run_id: str | None, connection: ConnectionOptions
) -> ExitCode:
    """Send a signal to a run.

    NAME is a signal that its definition declares. PAYLOAD is KEY=VALUE (repeatable), @FILE, @- or JSON; without
    it the signal has no payload. Both are checked against the definition that the run was started with. A signal
    has no answer; `stepfile update` waits for one.
    """
    payload = assemble(parts, what="PAYLOAD")

    from interpreter.cli.jobs.messages import signal

    return signal(connection, workflow_id, run_id, name, payload)
