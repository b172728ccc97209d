"""Which definitions have runs."""

from __future__ import annotations

from temporalio.client import Client

from dsl.problems.suggest import did_you_mean
from interpreter.temporal.client.runs.query import MOST_RUNS
from interpreter.temporal.client.runs.visibility import OUR_RUNS
from interpreter.temporal.wire.names import get_definition_name


async def suggest_definition(client: Client, name: str) -> str | None:
    """Suggest a definition for a name that no run has: `did you mean "trip-booking"?`; None: nothing comes close.

    Only definitions of the last runs are looked at.
    """
    listed = client.list_workflows(OUR_RUNS, limit=MOST_RUNS)
    names = {get_definition_name(each.workflow_type) async for each in listed}
    return did_you_mean(name, {each for each in names if each is not None} - {name}, {})
