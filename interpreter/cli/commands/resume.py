"""`stepfile resume` goes on from where a run has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.input import KeyValue, Part, parse_input_part
from interpreter.cli.arguments.repair_options import repair_arguments
from interpreter.cli.process.exit import ExitCode

if TYPE_CHECKING:
    from interpreter.cli.arguments.repair_options import RepairOptions


@click.command(
    epilog="""\b
Examples:
  stepfile resume order-17 --dry-run
  stepfile resume order-17 --set input.card=visa --reason 'another card' --wait
  stepfile resume order-17 --definition-file order.yaml
  stepfile resume --definition order --failed-at charge --since 12h --rate 5 --yes

\b
Exit codes: 0 all runs were resumed, and with --wait the run completed, or with --dry-run they could be;
1 one was refused or has failed, none fits, --limit has left some out, or a child was left out whose failed
parent is not among the runs; 130 Ctrl-C (runs that were resumed continue)."""
)
@repair_arguments
@click.option(
    "--set",
    "parts",
    multiple=True,
    type=parse_input_part,
    metavar="PATH=VALUE",
    help="Another value of the input or of a variable: input.card=visa, vars.total=5; repeatable. "
    "A VALUE that is not JSON is text.",
)
@click.option(
    "--definition-file",
    metavar="FILE",
    help="A newer definition. What is kept, or has begun, must stand in it as it does in the run's own.",
)
@click.option(
    "--despite-cleanup",
    is_flag=True,
    help="Resume although finally or on_failure has called something, which may have taken back what is kept.",
)
def command(
    options: RepairOptions,
    parts: tuple[Part, ...],
    definition_file: str | None,
    despite_cleanup: bool,
    connection: ConnectionOptions,
) -> ExitCode:
    """Go on from where runs have failed, in new runs.

    A run must have failed, been cancelled or terminated, or timed out. First comes a plan: steps that have completed
    are kept; steps that have failed, or may have done their work, run again with their idempotency keys; steps that
    were undone run again with new keys. Where that can't be proved to be right, the run is not resumed, and the
    reason is told. The command asks about a single run, too, because somebody has to look at its plan. The history of
    the run is replayed here, so this needs no worker, but the data converter of one. Where several runs are meant,
    children of other runs are left out, because their parents run them again, and so are redrives of dead letters.
    """
    patches = tuple(part for part in parts if isinstance(part, KeyValue))
    if len(patches) != len(parts):
        raise click.UsageError("--set takes PATH=VALUE, such as input.card=visa")

    from interpreter.cli.jobs.repair import ResumeJob

    return ResumeJob(connection, options, patches, definition_file, despite_cleanup).run()
