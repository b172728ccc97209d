"""A query of runs in the language of Temporal's visibility, as narrow as a server can take it.

What a server can't tell is left to `interpreter.temporal.client.runs.checks`, so a server may answer with runs that
do not fit, but must leave out none that does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from dsl.scalars.time import format_time
from interpreter.program.paths import list_step_names
from interpreter.temporal.client.runs.query import RunQuery, RunStatus
from interpreter.temporal.wire.names import build_workflow_type
from interpreter.temporal.wire.search_attributes import FAILED_STEP, LETTERS, NOT_UNDONE, cut_keyword
from interpreter.temporal.wire.visibility import OUR_RUNS, quote

_STATUSES: Mapping[RunStatus, str] = {
    "running": "Running",
    "completed": "Completed",
    "failed": "Failed",
    "cancelled": "Canceled",
    "terminated": "Terminated",
    "timed_out": "TimedOut",
    "continued_as_new": "ContinuedAsNew",
}


def build_visibility_query(query: RunQuery, registered: Collection[str]) -> str:
    """Write a query for the server.

    Args:
        query: Which runs are meant.
        registered: The names of those search attributes of ours that the server has.
    """
    return " AND ".join(_list_conditions(query, registered))


def _list_conditions(query: RunQuery, registered: Collection[str]) -> Iterator[str]:
    if query.definition is None:
        yield OUR_RUNS
    else:
        yield f"WorkflowType = {quote(build_workflow_type(query.definition))}"
    if statuses := query.searched_statuses:
        yield f"ExecutionStatus IN ({quote_all(_STATUSES[each] for each in statuses)})"
    elif not query.includes_superseded:
        yield "ExecutionStatus != 'ContinuedAsNew'"
    if query.since is not None:
        moment = format_moment(query.since)
        yield f"(StartTime >= {moment} OR CloseTime >= {moment})"
    if query.unindexed:
        return
    if query.failed_at is not None and FAILED_STEP.name in registered:
        names = (cut_keyword(name) for name in list_step_names(query.failed_at))
        # a run without the attribute may have been started before it was registered
        yield f"({FAILED_STEP.name} IN ({quote_all(names)}) OR {FAILED_STEP.name} IS NULL)"
    if query.not_undone and NOT_UNDONE.name in registered:
        # a run that was ended from outside, while it undid, could not say so
        yield f"({NOT_UNDONE.name} IS NOT NULL OR ExecutionStatus IN ('Terminated', 'TimedOut'))"
    if query.has_letters and LETTERS.name in registered:
        yield f"{LETTERS.name} IS NOT NULL"


def quote_all(texts: Iterable[str]) -> str:
    """Write texts in the list of an `IN`."""
    return ", ".join(quote(text) for text in texts)


def match_ids(ids: Iterable[str]) -> str:
    """Write a condition that all runs with these workflow ids meet, and perhaps others.

    A server does not find an id that has a quotation mark or a backslash in it (measured with 1.32, whatever stands
    before them), so of such an id only the beginning is asked for.
    """
    beginnings = {each: _UNFINDABLE.split(each, maxsplit=1)[0] for each in ids}
    plain = [each for each, beginning in beginnings.items() if each == beginning]
    conditions = [f"WorkflowId IN ({quote_all(plain)})"] if plain else []
    odd = dict.fromkeys(beginning for each, beginning in beginnings.items() if each != beginning)
    conditions += [f"WorkflowId STARTS_WITH {quote(beginning)}" for beginning in odd]
    return f"({' OR '.join(conditions)})"


_UNFINDABLE = re.compile(r'["\\]')


def format_moment(moment: datetime) -> str:
    """Write a time in a query."""
    return quote(format_time(moment))
