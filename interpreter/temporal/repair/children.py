"""Children that have failed, and their parents. Either of them is repaired, since a parent runs its child again.

A run that repairs a child by itself is nobody's child: the server tells of a parent only where that waits. So such a
run keeps in its memo whose child it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from temporalio.client import Client, WorkflowExecutionDescription

from interpreter.resume.children import Hindrance
from interpreter.temporal.client.children import FoundChildren, find_children, find_run, look_at_child
from interpreter.temporal.client.ending import ENDED, read_status, say_status
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.runs.summary import RunSummary, read_summary
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.repair.ended_run import REPAIRABLE, EndedRun
from interpreter.temporal.wire.names import is_stepfile_type


@dataclass(frozen=True, slots=True)
class LeftOutChild:
    """A run that nobody means who means many, because it is the child of another one."""

    workflow_id: str
    why: str
    is_settled: bool
    """Whether nothing more is to be done about it: its parent is repaired, goes on, or has completed."""


async def look_at_runs(client: Client, ids: Sequence[str]) -> list[RunSummary]:
    """Look at the latest runs with these ids, as far as there are any."""
    found: list[RunSummary] = []
    for workflow_id in ids:
        with suppress(TemporalProblem):  # whoever plans what is done with it says why
            found.append(await read_summary(await RunHandle.find(client, workflow_id).describe()))
    return found


async def leave_out_children(client: Client, runs: Sequence[RunSummary]) -> list[LeftOutChild]:
    """Find those of many runs that are children of other runs of definitions.

    Whoever repairs the parent runs the child again. If the child was repaired, too, its effects would be there twice.
    A child counts as a run of its own if its parent is none of a definition, is gone, or has completed before.

    Raises:
        TemporalProblem: the server can't be asked.
    """
    parents = {run.parent: await find_run(client, run.parent) for run in runs if run.parent is not None}
    left: dict[str, tuple[str, str]] = {}
    for run in runs:
        parent = parents[run.parent] if run.parent is not None else None
        if parent is not None and is_stepfile_type(parent.workflow_type) and not _is_on_its_own(run, parent):
            left[run.workflow_id] = parent.id, read_status(parent.status)
    repaired = {run.workflow_id for run in runs} - left.keys()
    return [
        LeftOutChild(child, _explain(parent, status), _is_settled(child, left, repaired))
        for child, (parent, status) in left.items()
    ]


def _is_on_its_own(run: RunSummary, parent: WorkflowExecutionDescription) -> bool:
    """Whether the parent has ended well without the run, so that nothing will do its work in its place."""
    known_at = run.started_at if run.was_detached else run.ended_at
    if read_status(parent.status) != "completed" or parent.close_time is None or known_at is None:
        return False
    return parent.close_time <= known_at


def _is_settled(child: str, left: dict[str, tuple[str, str]], repaired: set[str]) -> bool:
    seen: set[str] = set()
    while child in left and child not in seen:
        seen.add(child)
        child, status = left[child]
        if status not in REPAIRABLE:
            return True
    return child in repaired


def _explain(parent: str, status: str) -> str:
    if status in REPAIRABLE:
        return f"it is a child of {parent}; repair that run, or name the child alone"
    return f"it is a child of {parent}, which {say_status(status)}; to repair it all the same, name the child alone"


async def note_parent(ended: EndedRun) -> list[str]:
    """Say what has to be known of the parent of a run that is repaired by itself."""
    if ended.parent is None:
        return []
    note = f'it was started as a child of "{ended.parent}", which does not hear of the new run'
    parent = await find_run(ended.client, ended.parent)
    if parent is None or not is_stepfile_type(parent.workflow_type):
        return [note]
    status = read_status(parent.status)
    if status in REPAIRABLE:
        return [
            f'{note}; to bring both to their end, repair "{ended.parent}" instead, which runs its child again'
        ]
    return [f"{note}; that run {say_status(status)}, and may have done this work in another way"]


async def look_at_children(client: Client, ids: Sequence[str], parent: str) -> FoundChildren:
    """Look at the children of a run that is to go on.

    Args:
        client: A connection, as from `connect`.
        ids: The workflow ids of those that have not completed for their parent.
        parent: That of their parent.

    Raises:
        RunProblem: the server can't be asked.
    """
    found = await find_children(client, parent)
    for workflow_id in ids:
        child = await find_run(client, workflow_id)
        if child is not None and read_status(child.status) not in ENDED:
            why = f'its child "{workflow_id}" is still running'
            known = found.hindrances.get(workflow_id, Hindrance(None, None))
            found.hindrances[workflow_id] = known.join(Hindrance(again=why, anew=None))
        elif workflow_id not in found.known:  # the server lists runs with a delay
            await look_at_child(client, workflow_id, parent, found)
    return found
