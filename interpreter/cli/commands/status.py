"""`stepfile status`: how far a run has come, or how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.options import connection_options, json_option, run_id_option
from interpreter.cli.display.output import answer, format_json
from interpreter.cli.process.exit import Exit

if TYPE_CHECKING:
    from interpreter.cli.process.interrupts import Interrupts


@click.command(
    epilog="""\b
Examples:
  stepfile status trip-17
  stepfile status trip-17 --follow | jq .hotel
  stepfile status trip-17 --json | jq '.steps[] | select(.state == "failed")'

\b
Exit codes: 0 there is such a run, and with --follow it completed; 1 no such run, or it failed."""
)
@click.argument("workflow_id", metavar="ID")
@run_id_option
@click.option("--follow", is_flag=True, help="Show the steps until the run has ended, then write its result.")
@json_option
@connection_options
def command(
    workflow_id: str, run_id: str | None, follow: bool, as_json: bool, connection: Connection
) -> Exit:
    """Show how far a run has come.

    That is its steps with state, attempts and errors, what was undone, and the end if it has ended. The steps
    are told by a worker of the run's task queue, also after the run has ended. Where none answers, what
    Temporal itself knows is shown: the state of the run and the activities it waits for.
    """
    from interpreter.cli.process.session import run_session

    async def show(_: Interrupts) -> Exit:
        return await (_follow if follow else _show)(workflow_id, run_id, as_json, connection)

    return run_session(show)


async def _show(workflow_id: str, run_id: str | None, json: bool, connection: Connection) -> Exit:
    from interpreter.cli.display.report import Report
    from interpreter.temporal.client.run_handle import RunHandle

    run = RunHandle.find(await connection.connect(), workflow_id, run_id)
    snapshot = await run.take_snapshot()
    report = Report(snapshot, await run.wait_for_ending(follow_runs=False) if snapshot.has_ended else None)
    answer(format_json(report.build_record()) if json else "\n".join(report.format_overview()))
    return Exit.FINE


async def _follow(workflow_id: str, run_id: str | None, json: bool, connection: Connection) -> Exit:
    from interpreter.cli.display.follow import watch
    from interpreter.temporal.client.run_handle import RunHandle

    report = await watch(RunHandle.find(await connection.connect(), workflow_id, run_id))
    report.write(json=json)
    return report.exit
