"""Children that have failed, and their parents. Either of them is repaired, since a parent runs its child again.

A run that repairs a child by itself is nobody's child: the server tells of a parent only where that waits. So such a
run keeps in its memo whose child it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle

from interpreter.effects import UndoneStatus
from interpreter.program.paths import COMPENSATION_SUFFIX
from interpreter.resume.children import Children, RepairedChild
from interpreter.temporal.client.decoding import Undecodable, read_memo
from interpreter.temporal.client.ending import ENDED, read_status
from interpreter.temporal.client.predecessor import PredecessorProblem, find_predecessor
from interpreter.temporal.client.run_definition import fetch_program
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.run_problem import UnknownRun, translate_errors
from interpreter.temporal.client.runs.summary import RunSummary, read_summary
from interpreter.temporal.client.runs.visibility import OUR_RUNS, quote
from interpreter.temporal.problem import TemporalProblem
from interpreter.temporal.repair.ended_run import REPAIRABLE, EndedRun, say_status
from interpreter.temporal.wire.names import is_stepfile_type
from interpreter.temporal.wire.repair_record import REPAIR_KEY, RepairRecord
from interpreter.temporal.wire.undone_records import INCOMPLETE, decode_records


def _name_child(workflow_id: str) -> str:
    return f'its child "{workflow_id}"'


def _name_grandchild(child: str, workflow_id: str) -> str:
    return f'the child "{workflow_id}" of {child}'


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
    parents = {run.parent: await _find_run(client, run.parent) for run in runs if run.parent is not None}
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
    parent = await _find_run(ended.client, ended.parent)
    if parent is None or not is_stepfile_type(parent.workflow_type):
        return [note]
    status = read_status(parent.status)
    if status in REPAIRABLE:
        return [
            f'{note}; to bring both to their end, repair "{ended.parent}" instead, which runs its child again'
        ]
    return [f"{note}; that run {say_status(status)}, and may have done this work in another way"]


async def look_at_children(client: Client, ids: Sequence[str], parent: str) -> Children:
    """Look at the children of a run, as far as they speak against starting them again.

    Args:
        client: A connection, as from `connect`.
        ids: The workflow ids of those that have not completed for their parent.
        parent: That of their parent.

    Raises:
        RunProblem: the server can't be asked.
    """
    unusable: dict[str, str] = {}
    repaired = await find_repaired_children(client, parent)
    for workflow_id in ids:
        child = await _find_run(client, workflow_id)
        if child is None:
            continue  # it was never started, or nothing is known of it any more
        memo, problem = await read_memo(child, child.workflow_type)
        if _was_repaired_alone(child, memo, parent):
            repaired.setdefault(workflow_id, await _look_at_repaired(client, child, _name_child(workflow_id)))
        elif workflow_id not in repaired and (why := _find_hindrance(child, memo, problem)):
            unusable[workflow_id] = why
    return Children(unusable, repaired)


def _find_hindrance(
    child: WorkflowExecutionDescription, memo: Mapping[str, Any], problem: Undecodable | None
) -> str | None:
    """Find why a child that has not completed, and has not undone all, can't be started again; None if it can.

    It would be started with the keys that it had, and a service that has undone one refuses it.
    """
    status = read_status(child.status)
    if status not in ENDED:
        return f'its child "{child.id}" is still running'
    if not is_stepfile_type(child.workflow_type) or status == "completed":
        return None
    if problem is not None:
        return f'whether its child "{child.id}" has undone something can\'t be decoded here'
    if INCOMPLETE in memo or not all(record.left for record in decode_records(memo).values()):
        return _say_spent(_name_child(child.id))
    return None


def _say_spent(child: str) -> str:
    return f"{child} has undone a part of what it had done"


def _has_used_up_keys(child: WorkflowExecutionDescription, memo: Mapping[str, Any]) -> bool:
    """Whether a child that has not completed has undone something, so that a service refuses the key of that."""
    if read_status(child.status) not in REPAIRABLE:
        return False
    return INCOMPLETE in memo or any(record.times for record in decode_records(memo).values())


async def find_repaired_children(
    client: Client,
    parent: str,
    name: Callable[[str], str] = _name_child,
    around: frozenset[str] = frozenset(),
) -> dict[str, RepairedChild]:
    """Find the children of a run that have failed, and can't be started with the keys that they had.

    They were repaired by themselves since, have undone something, or have such children.

    Args:
        client: A connection, as from `connect`.
        parent: The workflow id of the run.
        name: Names a child in a sentence, by its workflow id.
        around: The workflow ids of those of which the run is a child, directly or not. Ids can be used again, so that
            two runs may each be the parent of an earlier run of the other one.

    Returns:
        What is known of them, by their workflow ids.

    Raises:
        RunProblem: the server can't be asked.
    """
    query = (
        f"{OUR_RUNS} AND ParentWorkflowId = {quote(parent)} "
        "AND ExecutionStatus IN ('Failed', 'Canceled', 'Terminated', 'TimedOut')"
    )
    with translate_errors(parent):
        ids = dict.fromkeys([each.id async for each in client.list_workflows(query)])
    around |= {parent}
    found: dict[str, RepairedChild] = {}
    for workflow_id in (each for each in ids if each not in around):
        child = await _find_run(client, workflow_id)
        if child is None:
            continue
        own = name(workflow_id)
        inside = await find_repaired_children(client, workflow_id, partial(_name_grandchild, own), around)
        known = list(inside.values())
        memo, _ = await read_memo(child, child.workflow_type)
        if _was_repaired_alone(child, memo, parent):
            known.insert(0, await _look_at_repaired(client, child, own))
        elif _is_of_step(workflow_id, parent) and _has_used_up_keys(child, memo):
            known.insert(0, RepairedChild(again=_say_spent(own), anew=None))
        if known:
            found[workflow_id] = reduce(RepairedChild.join, known)
    return found


def _is_of_step(workflow_id: str, parent: str) -> bool:
    """Whether a child has the key of a step as its id, and does not undo one: it runs only if the run fails again."""
    return workflow_id.startswith(f"{parent}/") and not workflow_id.endswith(COMPENSATION_SUFFIX)


def _was_repaired_alone(child: WorkflowExecutionDescription, memo: Mapping[str, Any], parent: str) -> bool:
    if child.parent_id is not None or REPAIR_KEY not in memo or not is_stepfile_type(child.workflow_type):
        return False
    known = RepairRecord.from_json(memo[REPAIR_KEY]).parent
    return (
        known == parent if known is not None else child.id.startswith(f"{parent}/")
    )  # of an earlier release


async def _look_at_repaired(client: Client, child: WorkflowExecutionDescription, name: str) -> RepairedChild:
    """Look at a child that was repaired by itself. Its parent does not know which keys it has now."""
    status = read_status(child.status)
    why = (
        f"{name} was repaired by itself and {say_status(status)}; this run does not know the keys of that, and would "
        "do its work a second time. `stepfile resume --definition-file` goes on with a definition in which the step "
        "calls no child"
    )
    try:
        before = await find_predecessor(client, child.id)
    except PredecessorProblem:
        return RepairedChild(why, why)
    is_open = status not in ENDED
    return RepairedChild(
        why if is_open or before.undone else None,
        None if await _has_undone_all(client, child) else why,
        before.generation + max(before.undone.values(), default=0),
    )


async def _has_undone_all(client: Client, child: WorkflowExecutionDescription) -> bool:
    """Whether nothing is left of what a child has done that has ended without a parent."""
    run = RunHandle.find(client, child.id, child.run_id)
    match read_status(child.status):
        case "failed":
            ending = await run.wait_for_ending(follow_runs=False)
            return ending.stands is False
        case "cancelled":
            return await _would_undo_all(run, child)
        case _:
            return False


async def _would_undo_all(run: RunHandle, child: WorkflowExecutionDescription) -> bool:
    """Whether a child has undone all, since it was cancelled. It tells nobody whether it had come to its pivot."""
    program = await fetch_program(run, "what it has left is not known")
    if program is None or program.definition.saga.on_cancel != "compensate":
        return False
    memo, problem = await read_memo(child, child.workflow_type)
    undone = all(record.status is UndoneStatus.UNDONE for record in decode_records(memo).values())
    return problem is None and undone and not any(node.pivot for node in program.nodes.values())


async def _find_run(client: Client, workflow_id: str) -> WorkflowExecutionDescription | None:
    """Find the latest run with an id; None if there is none any more."""
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id)
    try:
        with translate_errors(workflow_id):
            return await handle.describe()
    except UnknownRun:
        return None
