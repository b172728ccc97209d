"""Whether a name in a query that no run fits is misspelt: of a definition, or of a step."""

from __future__ import annotations

from collections.abc import Iterable

from temporalio.client import Client, WorkflowExecution

from dsl.problems.suggest import did_you_mean
from interpreter.program.compiled import compile_program
from interpreter.program.paths import list_step_names
from interpreter.temporal.client.history.start import fetch_start
from interpreter.temporal.client.run_problem import UnknownRun
from interpreter.temporal.client.runs.query import MOST_RUNS, RunQuery
from interpreter.temporal.client.runs.visibility import build_visibility_query
from interpreter.temporal.wire.names import get_definition_name
from interpreter.temporal.wire.visibility import OUR_RUNS

MOST_DEFINITIONS = 20
"""The steps of so many definitions are looked at."""


async def describe_nothing(client: Client, query: RunQuery) -> str:
    """Say that no run fits, and which name of the query is probably misspelt: `no run fits; did you mean "pay"?`.

    Only the definitions of the last runs are looked at.
    """
    hint = None if query.definition is None else await _suggest_definition(client, query.definition)
    if hint is None and query.failed_at is not None:
        hint = await _suggest_step(client, query, query.failed_at)
    return "no run fits" if hint is None else f"no run fits; {hint}"


async def _suggest_definition(client: Client, name: str) -> str | None:
    listed = client.list_workflows(OUR_RUNS, limit=MOST_RUNS)
    return _suggest(name, {str(get_definition_name(each.workflow_type)) async for each in listed})


async def _suggest_step(client: Client, query: RunQuery, path: str) -> str | None:
    listed = client.list_workflows(
        build_visibility_query(RunQuery(definition=query.definition), ()), limit=MOST_RUNS
    )
    latest: dict[str, WorkflowExecution] = {}
    async for each in listed:
        if len(latest) < MOST_DEFINITIONS:
            latest.setdefault(each.workflow_type, each)
    known = {step for each in latest.values() for step in await _list_steps(client, each)}
    return None if known.intersection(list_step_names(path)) else _suggest(path, known)


async def _list_steps(client: Client, run: WorkflowExecution) -> Iterable[str]:
    try:
        start = await fetch_start(client, run.id, run.run_id)
    except UnknownRun:  # its retention has ended since it was listed
        return ()
    if start.bundle is None or start.definition is None:
        return ()
    return compile_program(start.bundle, start.entry).nodes


def _suggest(name: str, known: set[str]) -> str | None:
    return None if name in known else did_you_mean(name, known, {})
