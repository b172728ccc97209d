"""`stepfile submit`: start a run for the workers of a task queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from interpreter.cli.connection import Connection
from interpreter.cli.exit import Exit
from interpreter.cli.input import Pair, Whole, assemble
from interpreter.cli.options import (
    activities_option,
    connection_options,
    id_option,
    input_option,
    json_option,
    task_queue_option,
)
from interpreter.cli.output import answer, as_json, say

if TYPE_CHECKING:
    from dsl.rules.activities import Catalogue
    from interpreter.cli.interrupts import Interrupts
    from interpreter.temporal.client import Submission


@click.command(
    epilog="""\b
Examples:
  id=$(stepfile submit trip.yaml --input @trip.json)
  stepfile submit trip.yaml --input car_id=c1 --id trip-17 --wait

\b
Exit codes: 0 submitted, and with --wait completed; 1 refused or failed; 130 Ctrl-C (the run goes on)."""
)
@click.argument("file", metavar="FILE")
@input_option
@id_option
@click.option("--wait", is_flag=True, help="Show the steps until the run has ended, then write its result.")
@activities_option
@task_queue_option("Queue whose workers run it.")
@json_option
@connection_options
def command(
    file: str,
    parts: Sequence[Pair | Whole],
    workflow_id: str | None,
    wait: bool,
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

    from interpreter.cli.document import read
    from interpreter.cli.session import run_session
    from interpreter.temporal.client import prepare

    submission = prepare(read(file), data, _catalogue(activities, file))

    async def submitted(_: Interrupts) -> Exit:
        return await _submit(submission, file, workflow_id, wait, task_queue, as_json, connection)

    return run_session(submitted)


async def _submit(
    submission: Submission,
    file: str,
    workflow_id: str | None,
    wait: bool,
    task_queue: str,
    json: bool,
    connection: Connection,
) -> Exit:
    from interpreter.cli.follow import watch
    from interpreter.temporal.remote import RemoteRun

    client = await connection.connect()
    run = await RemoteRun.start(client, submission, workflow_id=workflow_id, task_queue=task_queue)
    if wait:
        say(f"submitted {run.id}")
        report = await watch(run, file)
        report.write(json=json)
        return report.exit
    answer(as_json({"workflow_id": run.id, "run_id": run.run_id}) if json else run.id)
    say(f"stepfile status {run.id} --follow shows how it gets on")
    return Exit.FINE


def _catalogue(modules: Sequence[str], file: str) -> Catalogue | None:
    """The activities to check calls against; None where their code is not at hand, as it need not be."""
    from interpreter.cli.project import find_activities
    from interpreter.temporal.activities import ActivitiesProblem, catalogue_of
    from interpreter.temporal.project import ProjectProblem

    try:
        found = find_activities(modules, file)
    except (ActivitiesProblem, ProjectProblem) as problem:
        if modules:
            raise
        say(f"calls are not checked against the activities: {problem.message}")
        return None
    return None if found is None else catalogue_of(found)
