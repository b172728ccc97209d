"""`stepfile submit` starts a run for the workers of a task queue."""

from __future__ import annotations

from collections.abc import Sequence

import click

from interpreter.cli.arguments.connection_options import ConnectionOptions, connection_options
from interpreter.cli.arguments.input import Part, assemble
from interpreter.cli.arguments.inputs_file import read_inputs
from interpreter.cli.arguments.options import (
    activities_option,
    id_option,
    input_option,
    json_option,
    task_queue_option,
)
from interpreter.cli.arguments.rate import parse_rate_option
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
  stepfile submit order.yaml --inputs orders.jsonl --id-from number --rate 20
  stepfile submit pay.yaml --update confirmed | jq .number          the run continues after the answer

\b
Exit codes: 0 submitted, with --update answered, with --wait completed; 1 refused or failed;
130 Ctrl-C (the run continues)."""
)
@click.argument("file", metavar="FILE")
@input_option
@click.option(
    "--inputs",
    "inputs_file",
    metavar="FILE",
    help="Start a run for each line of a file of JSON lines; - for standard input.",
)
@click.option(
    "--id-from",
    metavar="KEY",
    help="With --inputs: the id of a run is the name of the definition, and what its input has at KEY (a.b nests).",
)
@click.option(
    "--rate",
    metavar="NUMBER",
    type=parse_rate_option,
    default=50,
    show_default=True,
    help="With --inputs: how many runs are started in a second.",
)
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
    inputs_file: str | None,
    id_from: str | None,
    rate: float,
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

    if inputs_file is not None:
        _refuse_what_is_for_one_run(parts, workflow_id, wait, start)
    elif id_from is not None:
        raise click.UsageError(
            "--id-from is for the runs of --inputs; the id of a single run is given by --id"
        )
    lines = [] if inputs_file is None else read_inputs(inputs_file)

    from interpreter.cli.arguments.document import read_document
    from interpreter.cli.arguments.project import try_load_catalogue
    from interpreter.cli.jobs.submit import SubmitJob
    from interpreter.temporal.client.submission import prepare, prepare_definition

    if lines:
        from interpreter.cli.jobs.submit_many import SubmitManyJob

        prepared = prepare_definition(read_document(file), try_load_catalogue(activities, file))
        return SubmitManyJob(
            *prepared, lines, id_from, rate, start.options, file, task_queue, as_json, connection
        ).run()
    submission = prepare(read_document(file), data, try_load_catalogue(activities, file))
    start.check_message(submission.definition)
    return SubmitJob(submission, file, workflow_id, wait, start, task_queue, as_json, connection).run()


def _refuse_what_is_for_one_run(
    parts: Sequence[Part], workflow_id: str | None, wait: bool, start: StartArguments
) -> None:
    for option, is_given, instead in (
        ("--input", bool(parts), "each line is the whole input of a run"),
        ("--id", workflow_id is not None, "--id-from says where in an input the id of its run stands"),
        ("--wait", wait, "`stepfile list` shows how the runs have ended"),
        ("--signal", start.signal is not None, "it is for one run"),
        ("--update", start.update is not None, "it is for one run"),
    ):
        if is_given:
            raise click.UsageError(f"either --inputs or {option}: {instead}")
