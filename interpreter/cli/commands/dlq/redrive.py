"""`stepfile dlq redrive` tries again what has failed."""

from __future__ import annotations

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.arguments.input import KeyValue, Part, parse_input_part
from interpreter.cli.arguments.letter_options import LetterChoice, OrderOptions, order_arguments
from interpreter.cli.process.exit import ExitCode


@click.command(
    epilog="""\b
Examples:
  stepfile dlq redrive --queue orders --dry-run
  stepfile dlq redrive --queue orders --rate 50 --reason 'the bank is back'
  stepfile dlq redrive ID --set item.amount=5 --set input.region='"eu"'
  stepfile dlq redrive ID --definition-file orders.yaml

\b
Exit codes: 0 all are resolved; 1 one was refused, has failed, or has not ended in time; there is
none, or --limit has left some out; 130 Ctrl-C (orders that were given are carried out)."""
)
@order_arguments
@click.option(
    "--set",
    "parts",
    multiple=True,
    type=parse_input_part,
    metavar="PATH=VALUE",
    help="Another value for what the step reads: input.NAME, vars.NAME, item; repeatable. "
    "A VALUE that is not JSON is text.",
)
@click.option(
    "--definition-file",
    metavar="FILE",
    help="A newer definition; it is used only if it has the same step, which reads nothing that the letter lacks.",
)
@click.option("--poison", is_flag=True, help="Redrive letters that are poison, too.")
def command(
    choice: LetterChoice,
    options: OrderOptions,
    parts: tuple[Part, ...],
    definition_file: str | None,
    poison: bool,
    connection: ConnectionOptions,
) -> ExitCode:
    """Try again what has failed, and resolve the letters for which it succeeds.

    The step alone is run, with the same idempotency key and fresh attempts. If the run of the letter has undone what
    it had done before, the whole run is started again. The plan of each letter says which, and why.
    """
    patches = tuple(part for part in parts if isinstance(part, KeyValue))
    if len(patches) != len(parts):
        raise click.UsageError("--set takes PATH=VALUE, such as item.amount=5")
    from interpreter.cli.jobs.letters import RedriveJob

    return RedriveJob(connection, choice, options, patches, definition_file, poison).run()
