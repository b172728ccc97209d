"""`stepfile submit` starts a run for the workers of a task queue."""

from __future__ import annotations

from collections.abc import Sequence

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.input import Part, assemble
from interpreter.cli.arguments.options import (
    activities_option,
    id_option,
    input_option,
    json_option,
    task_queue_option,
)
from interpreter.cli.arguments.start_options import StartArguments, start_options
from interpreter.cli.process.exit import ExitCode

_REASONS_NOT_TO_WAIT = {
    "--cron": "such a run never ends",
    "--update": "both write to standard output; `stepfile status ID --follow` waits for the end",
}


@click.command(
    epilog="""\b
Examples:
  id=$(stepfile submit trip.yaml --input @trip.json)
  stepfile submit trip.yaml --input car_id=c1 --id trip-17 --wait
  stepfile submit reminder.yaml --start-delay 2d
  stepfile submit cart.yaml --id cart-17 --signal add_item=sku=A1   starts the cart if it is not running
  stepfile submit pay.yaml --update confirmed | jq .number          the run continues after the answer

\b
Exit codes: 0 submitted, with --update answered, with --wait completed; 1 refused or failed;
130 Ctrl-C (the run continues)."""
)
@click.argument("file", metavar="FILE")
@input_option
@id_option
@click.option("--wait", is_flag=True, help="Show the steps until the run has ended, then write its result.")
@start_options
@activities_option
@task_queue_option("Task queue whose workers carry out the run.")
@json_option
@connection_options
def command(
    file: str,
    parts: Sequence[Part],
    workflow_id: str | None,
    wait: bool,
    start: StartArguments,
    activities: Sequence[str],
    task_queue: str,
    as_json: bool,
    connection: ConnectionOptions,
) -> ExitCode:
    """Start a run for the workers of Temporal.

    The workflow id of the run is written to standard output; `stepfile worker` carries the run out.

    The definition travels with the run: the workers need the activities, not the file. Definition and input
    are checked before the start; so are the calls, where the code of the activities can be imported.
    """
    data = assemble(parts, file)
    if wait and (start.options.cron or start.update):
        other = "--update" if start.update else "--cron"
        raise click.UsageError(f"either --wait or {other}: {_REASONS_NOT_TO_WAIT[other]}")

    from interpreter.cli.arguments.document import read_document
    from interpreter.cli.arguments.project import try_load_catalogue
    from interpreter.cli.jobs.submit import SubmitJob
    from interpreter.temporal.client.submission import prepare

    submission = prepare(read_document(file), data, try_load_catalogue(activities, file))
    start.check_message(submission.definition)
    return SubmitJob(submission, file, workflow_id, wait, start, task_queue, as_json, connection).run()
