"""What is known of the children that the runs under a workflow id have started."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowFailureError, WorkflowHandle

from dsl.check import InvalidDefinition
from interpreter.effects import UndoneStatus
from interpreter.predecessor import Predecessor
from interpreter.program.compiled import compile_program
from interpreter.program.model import Program
from interpreter.resume.children import Hindrance
from interpreter.resume.earlier_children import explain_start
from interpreter.temporal.client.decoding import Undecodable, read_memo, translate_decoding_errors
from interpreter.temporal.client.ending import ENDED, classify_ending, read_status, say_status
from interpreter.temporal.client.own_predecessor import PredecessorProblem, read_own_predecessor
from interpreter.temporal.client.run_problem import UnknownRun, translate_errors
from interpreter.temporal.lineage.children import list_children
from interpreter.temporal.wire.letters import is_redrive_id
from interpreter.temporal.wire.names import is_stepfile_type
from interpreter.temporal.wire.repair_record import REPAIR_KEY, RepairRecord
from interpreter.temporal.wire.request import StartRequest
from interpreter.temporal.wire.undone_records import decode_records

_AT_ONCE = 20
"""How many children are looked at together."""


def _name_child(workflow_id: str) -> str:
    return f'its child "{workflow_id}"'


def _name_grandchild(child: str, workflow_id: str) -> str:
    return f'the child "{workflow_id}" of {child}'


@dataclass(frozen=True, slots=True)
class FoundChildren:
    """The children of the runs under a workflow id, by their workflow ids."""

    known: dict[str, Predecessor] = field(default_factory=dict[str, Predecessor])
    """What their next runs must know."""
    hindrances: dict[str, Hindrance] = field(default_factory=dict[str, Hindrance])
    """Why some can't be started again."""


async def find_children(
    client: Client,
    parent: str,
    name: Callable[[str], str] = _name_child,
    around: frozenset[str] = frozenset(),
    begins: Sequence[str] = (),
) -> FoundChildren:
    """Find the children of all runs under a workflow id, and theirs in turn.

    Args:
        client: A connection, as from `connect`.
        parent: The workflow id.
        name: Names a child in a sentence, by its workflow id.
        around: The workflow ids of those of which the run is a child, directly or not. Ids can be used again, so that
            two runs may each be the parent of an earlier run of the other one.
        begins: Only those whose workflow ids begin with one of these, and theirs in turn; empty: all.

    Raises:
        RunProblem: the server can't be asked.
    """
    with translate_errors(parent):
        ids = await list_children(client, parent, begins)
    found, limit = FoundChildren(), asyncio.Semaphore(_AT_ONCE)

    async def look(workflow_id: str) -> None:
        async with limit:
            await look_at_child(client, workflow_id, parent, found, name, around)

    await asyncio.gather(*(look(each) for each in ids if each not in around | {parent}))
    return found


async def look_at_child(
    client: Client,
    workflow_id: str,
    parent: str,
    found: FoundChildren,
    name: Callable[[str], str] = _name_child,
    around: frozenset[str] = frozenset(),
) -> None:
    """Look at one child, and at its children in turn.

    Args:
        found: Where what is found is put.
        client, workflow_id, parent, name, around: As for `find_children`.

    Raises:
        RunProblem: the server can't be asked.
    """
    child = await find_run(client, workflow_id)
    if child is None or not is_stepfile_type(child.workflow_type):
        return  # it was never started, or nothing is known of it any more
    own = name(workflow_id)
    try:
        with translate_errors(workflow_id):
            before, request = await read_own_predecessor(client, child)
    except PredecessorProblem as problem:
        found.hindrances[workflow_id] = Hindrance(
            again=f"what {own} has undone can't be told: {problem.message.partition(': ')[2]}", anew=None
        )
        return
    program = _compile(request)
    inside = FoundChildren()
    if program is None or program.starts_children:
        inside = await find_children(client, workflow_id, partial(_name_grandchild, own), around | {parent})
    found.known[workflow_id] = before = before.meet_children(inside.known)
    hindrance = _explain_inside(child, program, before, inside.hindrances)
    memo, _ = await read_memo(child, child.workflow_type)
    if _was_repaired_alone(child, memo, parent):
        was_undone = await _has_undone_all(client, child, program)
        hindrance = _explain_alone(child, own, was_undone).join(hindrance)
    if hindrance.again is not None or hindrance.anew is not None:
        found.hindrances[workflow_id] = replace(hindrance, started_with=before.started_with or 1)


def _explain_inside(
    child: WorkflowExecutionDescription,
    program: Program | None,
    before: Predecessor,
    inside: Mapping[str, Hindrance],
) -> Hindrance:
    """Say why a child can't be started because of its own children. If it begins anew, it knows nothing of them."""
    if not inside:
        return Hindrance(None, None)
    anew = next((each.anew for each in inside.values() if each.anew is not None), None)
    if program is None:
        return Hindrance(anew, anew)
    again = (explain_start(program, child.id, before, each) for each in inside.items())
    return Hindrance(next((why for why in again if why is not None), None), anew)


def _explain_alone(child: WorkflowExecutionDescription, name: str, was_undone: bool) -> Hindrance:
    """Say why a child can't be started that was repaired by itself. Its parent does not know of that."""
    status = read_status(child.status)
    why = f"{name} was repaired by itself and {say_status(status)}"
    if status not in ENDED:
        return Hindrance(f"{why}; wait until it has ended", f"{why}; wait until it has ended")
    if was_undone:
        return Hindrance(None, None)
    return Hindrance(
        again=None,
        anew=f"{why}, after its step had counted as undone; another child would be started, and do its work a second "
        "time. `stepfile resume --definition-file` goes on with a definition in which the step calls no child",
    )


def _was_repaired_alone(child: WorkflowExecutionDescription, memo: Mapping[str, Any], parent: str) -> bool:
    if child.parent_id is not None or REPAIR_KEY not in memo:
        return False
    known = RepairRecord.from_json(memo[REPAIR_KEY]).parent
    if known is None or is_redrive_id(known):  # a record of an earlier release does not name it
        return child.id.startswith(f"{parent}/")
    return known == parent


async def _has_undone_all(
    client: Client, child: WorkflowExecutionDescription, program: Program | None
) -> bool:
    """Whether nothing is left of what a child has done that has ended without a parent."""
    match read_status(child.status):
        case "failed":
            handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(child.id, run_id=child.run_id)
            try:
                with translate_errors(child.id), translate_decoding_errors():
                    await handle.result(follow_runs=False)
            except WorkflowFailureError as error:
                return classify_ending(error.cause).stands is False
            except Undecodable:
                pass
            return False
        case "cancelled":
            return await _would_undo_all(child, program)
        case _:
            return False


async def _would_undo_all(child: WorkflowExecutionDescription, program: Program | None) -> bool:
    """Whether a child has undone all, since it was cancelled. It tells nobody whether it had come to its pivot."""
    if program is None or program.definition.saga.on_cancel != "compensate":
        return False
    memo, problem = await read_memo(child, child.workflow_type)
    undone = all(record.status is UndoneStatus.UNDONE for record in decode_records(memo).values())
    return problem is None and undone and not any(node.pivot for node in program.nodes.values())


def _compile(request: StartRequest | None) -> Program | None:
    """Compile the definition of a child; None if it can't be compiled here."""
    try:
        return None if request is None else compile_program(request.bundle, request.entry)
    except (InvalidDefinition, KeyError):
        return None


async def find_run(client: Client, workflow_id: str) -> WorkflowExecutionDescription | None:
    """Find the latest run with an id; None if there is none any more."""
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id)
    try:
        with translate_errors(workflow_id):
            return await handle.describe()
    except UnknownRun:
        return None
