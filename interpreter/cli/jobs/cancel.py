"""The work of `stepfile cancel` is to request a cancellation, and to follow the run to its end if asked to."""

from __future__ import annotations

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.display.follow import follow_until_interrupted
from interpreter.cli.display.output import print_notice
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.undoing import describe_undoing, is_undoing


def cancel(connection: ConnectionOptions, workflow_id: str, run_id: str | None, *, wait: bool) -> ExitCode:
    """Request the cancellation of a run.

    Returns:
        `SUCCESS`; with `wait` only if the run was then cancelled, and all that was to be undone is undone.

    Raises:
        TemporalProblem: Temporal can't be reached, there is no such run, or it has ended.
    """

    async def request(client: Client) -> ExitCode:
        run = RunHandle.find(client, workflow_id, run_id)
        before = await run.cancel()
        if await is_undoing(run, before):
            print_notice(
                f"the cancellation of {run.id} was requested, but it changes nothing: the run was being undone "
                f"already, and that goes on\nhint: {describe_undoing(run.id)}"
            )
        elif not wait:
            print_notice(
                f"the cancellation of {run.id} was requested; "
                f"`stepfile status {run.id} --follow` shows its progress"
            )
        if not wait:
            return ExitCode.SUCCESS
        overview = await follow_until_interrupted(run)
        overview.write(json=False)
        return overview.exit_code_for("cancelled")

    return run_with_client(connection, request)
