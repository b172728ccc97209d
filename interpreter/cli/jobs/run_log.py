"""The work of `stepfile log` is to put the history of a run into words."""

from __future__ import annotations

import json as json_format

from dsl.problems.snippet import make_printable
from interpreter.cli.arguments.connection_options import ConnectionOptions
from interpreter.cli.display.output import print_notice, print_result
from interpreter.cli.display.run_history import RunHistoryDisplay, build_record
from interpreter.cli.process.async_command import run_with_client
from interpreter.cli.process.exit import ExitCode
from interpreter.temporal.client.connection import Client
from interpreter.temporal.client.history.entry import HistoryEntry
from interpreter.temporal.client.history.reader import HistoryReader
from interpreter.temporal.client.run_handle import Answer, RunHandle, build_snapshot
from interpreter.temporal.client.runs.same_id import list_runs_with_id


def show_log(
    connection: ConnectionOptions, workflow_id: str, run_id: str | None, *, all_runs: bool, json: bool
) -> ExitCode:
    """Write what happened in a run to standard output, while it is read.

    Raises:
        TemporalProblem: Temporal can't be reached, or there is no such run.
    """

    async def show(client: Client) -> ExitCode:
        described = await RunHandle.find(client, workflow_id, run_id).describe()
        runs = [described.run_id]
        if all_runs:  # the list is a moment old, so the latest run may be missing there
            listed = await list_runs_with_id(client, workflow_id)
            runs = [run.run_id for run in listed if run.run_id != described.run_id] + runs
        display = RunHistoryDisplay()
        for each in runs:
            history = HistoryReader(client, workflow_id, each)
            if not json:
                print_result(f"{make_printable(workflow_id)}, run {each}")

            def write(entry: HistoryEntry, history: HistoryReader = history) -> None:
                line = json_format.dumps(build_record(history, entry)) if json else display.format(entry)
                print_result(line)

            async for entry in history.read():
                write(entry)
            if each == described.run_id:
                snapshot = await build_snapshot(described, Answer(), client.data_converter)
                for entry in history.describe_retries(snapshot):
                    write(entry)
            if why := history.start.problem or history.undecodable:
                print_notice(f"not all of run {each} is told: {why}")
        return ExitCode.SUCCESS

    return run_with_client(connection, show)
