"""The work of `stepfile status` is to show a run now, or until it has ended."""

from __future__ import annotations

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.display.follow import follow_until_interrupted
from interpreter.cli.display.output import format_json, print_result
from interpreter.cli.display.run_overview import RunOverview
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.run_handle import RunHandle


def show_status(
    connection: ConnectionOptions, workflow_id: str, run_id: str | None, *, json: bool
) -> ExitCode:
    """Write what is known of a run now to standard output.

    Raises:
        TemporalProblem: Temporal can't be reached, or there is no such run.
    """

    async def show(client: Client) -> ExitCode:
        run = RunHandle.find(client, workflow_id, run_id)
        snapshot = await run.take_snapshot()
        ending = await run.wait_for_ending(follow_runs=False) if snapshot.has_ended else None
        overview = RunOverview(snapshot, ending)
        print_result(format_json(overview.build_record()) if json else "\n".join(overview.format_lines()))
        return ExitCode.SUCCESS

    return run_with_client(connection, show)


def follow_status(
    connection: ConnectionOptions, workflow_id: str, run_id: str | None, *, json: bool
) -> ExitCode:
    """Show the steps of a run until the run has ended, then write its result to standard output.

    Raises:
        TemporalProblem: Temporal can't be reached, or there is no such run.
    """

    async def follow(client: Client) -> ExitCode:
        overview = await follow_until_interrupted(RunHandle.find(client, workflow_id, run_id))
        overview.write(json=json)
        return overview.exit_code

    return run_with_client(connection, follow)
