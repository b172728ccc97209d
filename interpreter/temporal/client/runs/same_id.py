"""Runs that have the same workflow id, one after another. Nobody need act on one that another one has followed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import Client

from interpreter.temporal.client.run_problem import translate_errors
from interpreter.temporal.client.runs.summary import RunSummary, read_summary
from interpreter.temporal.client.runs.visibility import OUR_RUNS, format_moment, quote, quote_all


async def keep_latest(client: Client, runs: Sequence[RunSummary]) -> list[RunSummary]:
    """Leave out the runs that another run with the same id has followed.

    This is one request for all of them: an open run is the latest one, and of the others the server lists all runs
    with their ids.
    """
    ended = [run for run in runs if run.has_ended]
    if not ended:
        return list(runs)
    since = min(run.started_at for run in ended) - timedelta(milliseconds=1)  # a query has milliseconds
    ids = quote_all(dict.fromkeys(run.workflow_id for run in ended))
    query = f"{OUR_RUNS} AND WorkflowId IN ({ids}) AND StartTime >= {format_moment(since)}"
    latest = {run.workflow_id: run.started_at for run in ended}
    async for each in client.list_workflows(query):
        latest[each.id] = max(latest[each.id], each.start_time)
    return [run for run in runs if not run.has_ended or run.started_at >= latest[run.workflow_id]]


async def list_runs_with_id(client: Client, workflow_id: str) -> list[RunSummary]:
    """List all runs of definitions that have had an id, the first one first, as far as the server still knows them.

    Raises:
        RunProblem: the server refuses.
    """
    query = f"{OUR_RUNS} AND WorkflowId = {quote(workflow_id)}"
    with translate_errors(workflow_id):
        runs = [await read_summary(each) async for each in client.list_workflows(query)]
    return sorted(runs, key=lambda run: run.started_at)
