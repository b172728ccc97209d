"""The work of `stepfile compensation` is to look at the undoing of a run, and to act on it."""

from __future__ import annotations

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.display.compensations import CompensationOverview, describe_order
from interpreter.cli.display.output import format_json, print_notice, print_result
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.state.compensation_orders import OrderKind
from interpreter.temporal.client.compensations import order_compensation
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.run_handle import RunHandle


def list_compensations(
    connection: ConnectionOptions, workflow_id: str, run_id: str | None, *, json: bool
) -> ExitCode:
    """Write what is known of the compensations of a run to standard output.

    Raises:
        TemporalProblem: Temporal can't be reached, or there is no such run.
    """

    async def show(client: Client) -> ExitCode:
        overview = CompensationOverview(await RunHandle.find(client, workflow_id, run_id).take_snapshot())
        if json:
            print_result(format_json(overview.build_records()))
        else:
            for line in overview.format_lines():
                print_result(line)
        return ExitCode.SUCCESS

    return run_with_client(connection, show)


def order(
    connection: ConnectionOptions,
    workflow_id: str,
    run_id: str | None,
    kind: OrderKind,
    step: str,
    reason: str,
) -> ExitCode:
    """Give an order about a compensation, and say what is true then.

    Returns:
        `FAILED` if the compensation was to be tried again, and could not be.

    Raises:
        TemporalProblem: Temporal can't be reached, there is no such run, it has ended, or it refuses the order.
    """

    async def give(client: Client) -> ExitCode:
        run = RunHandle.find(client, workflow_id, run_id)
        answer = await order_compensation(run, kind, step, reason, waiting=print_notice)
        said, is_done = describe_order(kind, answer["step"], answer["state"])
        print_notice(said)
        return ExitCode.SUCCESS if is_done else ExitCode.FAILED

    return run_with_client(connection, give)
