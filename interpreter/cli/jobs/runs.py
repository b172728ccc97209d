"""The work of `stepfile list` and `show` is to look at runs; it needs no worker."""

from __future__ import annotations

from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.display.output import format_json, print_notice, print_result
from interpreter.cli.display.run_details import build_details_record, format_details
from interpreter.cli.display.run_list import build_record, describe_gaps, format_runs
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.history.start import fetch_start
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.run_problem import RunProblem
from interpreter.temporal.client.runs.details import read_details
from interpreter.temporal.client.runs.misspelt import describe_nothing
from interpreter.temporal.client.runs.query import RunQuery
from interpreter.temporal.client.runs.search import find_runs


def show_runs(connection: ConnectionOptions, query: RunQuery, *, json: bool) -> ExitCode:
    """Write the runs that fit to standard output, and what was left out to standard error.

    Raises:
        TemporalProblem: Temporal can't be reached, or refuses to list runs.
    """

    async def show(client: Client) -> ExitCode:
        search = find_runs(client, query)
        runs = [run async for run in search]
        if json:
            print_result(format_json([build_record(run) for run in runs]))
        elif runs:
            print_result("\n".join(format_runs(runs)))
        if not runs:
            print_notice(await describe_nothing(client, query))
        for notice in describe_gaps(search, runs):
            print_notice(notice)
        return ExitCode.SUCCESS

    return run_with_client(connection, show)


def show_run(connection: ConnectionOptions, workflow_id: str, run_id: str | None, *, json: bool) -> ExitCode:
    """Write what a run was started with, and what has become of it, to standard output.

    Raises:
        TemporalProblem: Temporal can't be reached, or there is no such run.
    """

    async def show(client: Client) -> ExitCode:
        details = await read_details(client, workflow_id, run_id)
        if json:
            print_result(format_json(build_details_record(details)))
        else:
            print_result("\n".join(format_details(details)))
        return ExitCode.SUCCESS

    return run_with_client(connection, show)


def show_definition(connection: ConnectionOptions, workflow_id: str, run_id: str | None) -> ExitCode:
    """Write the definition of a run to standard output, as it was when the run was started.

    Raises:
        TemporalProblem: Temporal can't be reached, there is no such run, or its definition can't be read here.
    """

    async def show(client: Client) -> ExitCode:
        described = await RunHandle.find(client, workflow_id, run_id).describe()
        start = await fetch_start(client, workflow_id, described.run_id)
        if start.text is None:
            raise RunProblem(f'the definition of "{workflow_id}" is not shown: {start.problem}')
        print_result(start.text, end="" if start.text.endswith("\n") else "\n")
        if start.other_texts:
            names = ", ".join(sorted(start.other_texts))
            print_notice(f"its bundle has further definitions, whose texts --json writes: {names}")
        return ExitCode.SUCCESS

    return run_with_client(connection, show)
