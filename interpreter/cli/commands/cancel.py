"""`stepfile cancel`: ask a run to stop and to undo what it has done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from interpreter.cli.arguments.connection import Connection
from interpreter.cli.arguments.options import connection_options, run_id_option
from interpreter.cli.display.output import say
from interpreter.cli.process.exit import Exit

if TYPE_CHECKING:
    from interpreter.cli.process.interrupts import Interrupts


@click.command(
    epilog="""\b
Exit codes: 0 the run was asked to stop, and with --wait it was cancelled; 1 there is no such run, it had
ended before, or it ended otherwise."""
)
@click.argument("workflow_id", metavar="ID")
@run_id_option
@click.option("--wait", is_flag=True, help="Show the steps until the run has ended.")
@connection_options
def command(workflow_id: str, run_id: str | None, wait: bool, connection: Connection) -> Exit:
    """Ask a run to stop and to undo.

    A worker undoes what the run has done, unless its definition says otherwise (saga.on_cancel). Temporal's
    own `terminate` ends a run at once and undoes nothing.
    """
    from interpreter.cli.process.session import run_session

    async def cancel(_: Interrupts) -> Exit:
        return await _cancel(workflow_id, run_id, wait, connection)

    return run_session(cancel)


async def _cancel(workflow_id: str, run_id: str | None, wait: bool, connection: Connection) -> Exit:
    from interpreter.cli.display.follow import watch
    from interpreter.temporal.client.run_handle import RunHandle

    run = RunHandle.find(await connection.connect(), workflow_id, run_id)
    await run.cancel()
    if not wait:
        say(f"{run.id} was asked to stop: stepfile status {run.id} --follow")
        return Exit.FINE
    report = await watch(run)
    report.write(json=False)
    return Exit.FINE if report.status == "cancelled" else Exit.FAILED
