"""`stepfile retry` runs a run again from its beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.repair_options import repair_arguments
from interpreter.cli.process.exit import ExitCode

if TYPE_CHECKING:
    from interpreter.cli.arguments.repair_options import RepairOptions


@click.command(
    epilog="""\b
Examples:
  stepfile retry order-17 --reason 'the bank is back' --wait
  stepfile retry --definition order --failed-at charge --since 12h --dry-run
  stepfile retry --definition order --failed-at charge --since 12h --rate 5 --yes

\b
Exit codes: 0 all runs were started, and with --wait the run completed; 1 one was refused or has failed,
none fits, --limit has left some out, or a child was left out whose failed parent is not among the runs;
130 Ctrl-C (runs that were started continue)."""
)
@repair_arguments
def command(options: RepairOptions, connection: ConnectionOptions) -> ExitCode:
    """Run runs again from their beginning.

    A run must have failed, been cancelled or terminated, or timed out. The new run has the same workflow id,
    definition and input. Steps whose effects were undone have new idempotency keys; all others have the keys that
    they had, so that a service that remembers them does nothing twice. `stepfile resume` goes on from where a run has
    failed instead. Where several runs are meant, children of other runs are left out, because their parents run them
    again, and so are redrives of dead letters.
    """
    from interpreter.cli.jobs.repair import RetryJob

    return RetryJob(connection, options).run()
