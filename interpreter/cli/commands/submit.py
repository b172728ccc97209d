"""`stepfile submit`: start a run for the workers of a task queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.input import Pair, Whole, assemble
from interpreter.cli.arguments.options import (
    activities_option,
    connection_options,
    id_option,
    input_option,
    json_option,
    task_queue_option,
)
from interpreter.cli.arguments.start_options import Start, start_options
from interpreter.cli.process.exit import Exit

_REASONS_NOT_TO_WAIT = {
    "--cron": "it would never end",
    "--update": "each writes to standard output; `stepfile status ID --follow` waits",
}


@click.command(
    epilog="""\b
Examples:
  id=$(stepfile submit trip.yaml --input @trip.json)
  stepfile submit trip.yaml --input car_id=c1 --id trip-17 --wait
  stepfile submit reminder.yaml --start-delay 2d
  stepfile submit cart.yaml --id cart-17 --signal add_item=sku=A1     to the cart, be it there or not
  stepfile submit pay.yaml --update confirmed | jq .number            answers early, goes on later

\b
Exit codes: 0 submitted, with --update answered, with --wait completed; 1 refused or failed;
130 Ctrl-C (the run goes on)."""
)
@click.argument("file", metavar="FILE")
@input_option
@id_option
@click.option("--wait", is_flag=True, help="Show the steps until the run has ended, then write its result.")
@start_options
@activities_option
@task_queue_option("Queue whose workers run it.")
@json_option
@connection_options
def command(
    file: str,
    parts: Sequence[Pair | Whole],
    workflow_id: str | None,
    wait: bool,
    start: Start,
    activities: Sequence[str],
    task_queue: str,
    as_json: bool,
    connection: Connection,
) -> Exit:
    """Start a run for the workers of Temporal.

    Its id is written to standard output; `stepfile worker` carries it out.

    The definition travels with the run: the workers need the activities, not the file. Definition and input
    are checked before; so are the calls, where the code of the activities can be imported.
    """
    data: Any = assemble(parts, file)
    if wait and (start.options.cron or start.update):
        other = "--update" if start.update else "--cron"
        raise click.UsageError(f"either --wait or {other}: {_REASONS_NOT_TO_WAIT[other]}")

    from interpreter.cli.arguments.document import read
    from interpreter.cli.arguments.project import try_load_catalogue
    from interpreter.cli.process.session import run_session
    from interpreter.cli.process.submit_job import Job
    from interpreter.temporal.client.submission import prepare

    submission = prepare(read(file), data, try_load_catalogue(activities, file))
    start.check(submission.definition)
    job = Job(submission, file, workflow_id, wait, start, task_queue, as_json, connection)
    return run_session(lambda _: job.submit())
