"""`stepfile run`: the whole way, from a file to its result."""

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
from interpreter.cli.process.exit import Exit


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
    "Queue of this run and its worker; without it one of its own, so that it takes nobody's work.",
    default=None,
)
@json_option
@connection_options
def command(
    file: str,
    parts: Sequence[Pair | Whole],
    workflow_id: str | None,
    activities: Sequence[str],
    task_queue: str | None,
    as_json: bool,
    connection: Connection,
) -> Exit:
    """Run a definition here and now.

    Its activities are those of this project: [tool.stepfile] activities in pyproject.toml, or --activities.

    Where no Temporal is configured it starts a development server, which is gone afterwards with all its
    history. The steps are shown while they run, on standard error; the result is written to standard output.

    Ctrl-C cancels the run and waits until what it has done is undone; a second one leaves at once.
    """
    data: Any = assemble(parts, file)

    from interpreter.cli.process.run_job import Job

    return Job(file, data, workflow_id, activities, task_queue, as_json, connection).run()
