"""Whether a run that a server has listed fits a query, as far as the server could not tell.

A check is handed what is known of a run. It returns that with what it has found out, or None if the run does not fit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from temporalio.client import Client

from interpreter.program.paths import list_step_names
from interpreter.temporal.client.decoding import Undecodable
from interpreter.temporal.client.ending import UNNAMED_TYPE, Ending
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.runs.letters import find_first_queue
from interpreter.temporal.client.runs.query import RunQuery
from interpreter.temporal.client.runs.stuck import StuckRuns
from interpreter.temporal.client.runs.summary import RunSummary
from interpreter.temporal.wire.search_attributes import cut_keyword

Check: TypeAlias = Callable[[RunSummary], Awaitable[RunSummary | None]]
"""Raises `Undecodable` where it can't be told whether the run fits, and `UnknownRun` if the run is gone."""


def list_quick_checks(query: RunQuery) -> Iterator[Check]:
    """List the checks that need nothing but what the list tells."""
    if query.version is not None:
        yield lambda run: _check_version(run, query.version)
    if query.not_undone:
        yield _check_undone


def list_slow_checks(client: Client, query: RunQuery) -> Iterator[Check]:
    """List the checks that read more of a run."""
    failed_at = query.failed_at
    if failed_at is not None:
        yield lambda run: _check_failed_step(client, run, failed_at)
    error_type = query.error_type
    if error_type is not None:
        yield lambda run: _check_error_type(client, run, error_type)
    if query.has_letters:
        yield lambda run: _check_letters(client, run)
    if query.stuck:
        yield StuckRuns(client).check


async def _check_version(run: RunSummary, version: str | None) -> RunSummary | None:
    if run.undecodable:
        raise Undecodable(run.undecodable)
    return run if run.definition["version"] == version else None


async def _check_undone(run: RunSummary) -> RunSummary | None:
    if run.undecodable and not run.not_undone:
        raise Undecodable(run.undecodable)
    return run if run.not_undone else None


async def _check_failed_step(client: Client, run: RunSummary, wanted: str) -> RunSummary | None:
    if run.failed_at == cut_keyword(wanted):
        return run  # a search attribute says so
    run = await _read_error(client, run)
    path = run.failed_at
    return None if path is None or wanted not in (path, *list_step_names(path)) else run


async def _check_error_type(client: Client, run: RunSummary, wanted: str) -> RunSummary | None:
    if run.error is None:
        ending = await _read_ending(client, run)
        error = ending.error or {}
        if ending.undecodable and error.get("type", UNNAMED_TYPE) == UNNAMED_TYPE:
            raise Undecodable(ending.undecodable)  # as a rule only its message and its details are encoded
        run = replace(run, failed_at=error.get("step", run.failed_at), error=error)
    return run if run.error is not None and run.error.get("type") == wanted else None


async def _read_error(client: Client, run: RunSummary) -> RunSummary:
    """
    Raises:
        Undecodable: its error can't be decoded here.
    """
    ending = await _read_ending(client, run)
    if ending.undecodable:
        raise Undecodable(ending.undecodable)
    error = ending.error or {}
    return replace(run, failed_at=error.get("step"), error=error)


async def _check_letters(client: Client, run: RunSummary) -> RunSummary | None:
    if run.letters is not None:
        return run  # a search attribute says so
    if run.status == "failed":
        ending = await _read_ending(client, run)
        if ending.report is not None:  # of all runs of a chain, so there is no need to read the history
            letters = ending.report["dead_letters"]
            return replace(run, letters=letters[0]["queue"]) if letters else None
    queue = await find_first_queue(client, run)
    return None if queue is None else replace(run, letters=queue)


async def _read_ending(client: Client, run: RunSummary) -> Ending:
    return await RunHandle.find(client, run.workflow_id, run.run_id).wait_for_ending(follow_runs=False)
