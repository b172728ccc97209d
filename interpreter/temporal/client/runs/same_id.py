"""Runs that have the same workflow id, one after another. Nobody need act on one that another one has followed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import Client

from interpreter.temporal.client.run_problem import translate_errors
from interpreter.temporal.client.runs.summary import RunSummary, read_summary
from interpreter.temporal.client.runs.visibility import format_moment, match_ids
from interpreter.temporal.wire.visibility import OUR_RUNS


async def keep_latest(client: Client, runs: Sequence[RunSummary]) -> list[RunSummary]:
    """Leave out the runs that another run with the same id has followed.

    This is one request for all of them: an open run is the latest one, and of the others the server lists all runs
    with their ids.
    """
    ended = [run for run in runs if run.has_ended]
    if not ended:
        return list(runs)
    since = min(run.started_at for run in ended) - timedelta(milliseconds=1)  # a query has milliseconds
    latest = {run.workflow_id: run.started_at for run in ended}
    query = f"{OUR_RUNS} AND {match_ids(latest)} AND StartTime >= {format_moment(since)}"
    async for each in client.list_workflows(query):
        if each.id in latest:
            latest[each.id] = max(latest[each.id], each.start_time)
    return [run for run in runs if not run.has_ended or run.started_at >= latest[run.workflow_id]]


async def list_runs_with_id(client: Client, workflow_id: str) -> list[RunSummary]:
    """List all runs of definitions that have had an id, the first one first, as far as the server still knows them.

    Raises:
        RunProblem: the server refuses.
    """
    listed = client.list_workflows(f"{OUR_RUNS} AND {match_ids([workflow_id])}")
    with translate_errors(workflow_id):
        runs = [await read_summary(each) async for each in listed if each.id == workflow_id]
    return sorted(runs, key=lambda run: run.started_at)
