"""`stepfile run` goes the whole way, from a definition to the result of a run."""

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
from interpreter.cli.process.early_server import launch_early
from interpreter.cli.process.exit import ExitCode


@click.command(
    epilog="""\b
Examples:
  stepfile run trip.yaml --input car_id=c1 --input stay.nights=2
  stepfile run trip.yaml --input @trip.json --input car_id=c2
  stepfile run trip.yaml --input @trip.json | jq .hotel

\b
Exit codes: 0 the run completed; 1 it failed, or was refused before it started; 130 Ctrl-C."""
)
@click.argument("file", metavar="FILE")
@input_option
@id_option
@activities_option
@task_queue_option(
    "Task queue of this run and its worker.  [default: one of its own, so that it takes nobody else's work]",
    default=None,
)
@click.option("--verbose", is_flag=True, help="Show what activities log, from INFO on.")
@json_option
@connection_options
def command(
    file: str,
    parts: Sequence[Part],
    workflow_id: str | None,
    activities: Sequence[str],
    task_queue: str | None,
    verbose: bool,
    as_json: bool,
    connection: ConnectionOptions,
) -> ExitCode:
    """Run a definition here and now.

    Its activities are those of this project: [tool.stepfile] activities in pyproject.toml, or --activities.

    Where no Temporal is configured, the command starts a development server, which is gone afterwards with all its
    history. The steps are shown on standard error while they run; the result is written to standard output.

    Ctrl-C cancels the run and waits until what it has done is undone; a second Ctrl-C ends the command at once,
    and says what is not undone.
    """
    data = assemble(parts, file)

    with launch_early(connection) as launched:
        from interpreter.cli.jobs.run import RunJob

        return RunJob(
            file, data, workflow_id, activities, task_queue, verbose, as_json, connection, launched
        ).run()
