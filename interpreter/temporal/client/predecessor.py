"""The run before: what was undone under a workflow id, which the next run under that id must know.

A key of idempotency names one effect. When a run was undone, and another run is started under its id, the effects
that were undone need new keys, and those that were not undone must keep theirs. Temporal gives a new run no trace
of the one before it, so the client looks before it starts (docs/decisions/024-identity-over-runs.md). It looks at
children, too: a child begins under its id again, and its parent knows only whether all of it was undone
(docs/decisions/045-children-know-their-predecessors.md).
"""

from __future__ import annotations

from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from dsl.check import InvalidDefinition
from interpreter.predecessor import NO_PREDECESSOR, Predecessor
from interpreter.program.compiled import compile_program
from interpreter.program.model import Bundle
from interpreter.resume.earlier_children import explain_start
from interpreter.temporal.client.children import find_children
from interpreter.temporal.client.own_predecessor import PredecessorProblem, read_own_predecessor


async def find_predecessor(
    client: Client,
    workflow_id: str,
    bundle: Bundle,
    entry: str | None = None,
    *,
    replaces_running: bool = False,
) -> Predecessor:
    """Look what the runs under an id have undone, and their children.

    Args:
        client: A connection to the namespace.
        workflow_id: The id.
        bundle: The definitions that are to be run under it next.
        entry: The name of the one that is run; None for the text's own.
        replaces_running: Whether a run that is running now is ended by the start of the next one. Without this, there
            is no next one while it runs, and to look at its children would be in vain.

    Raises:
        PredecessorProblem: it can't be read; or a child was repaired by itself, and its work would be done twice.
    """
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id)
    try:
        latest = await handle.describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return NO_PREDECESSOR  # there is none, or its retention has ended
        raise
    own, _ = await read_own_predecessor(client, latest)
    if not own.exists or (latest.status is WorkflowExecutionStatus.RUNNING and not replaces_running):
        return own
    try:
        program = compile_program(bundle, entry)
    except (InvalidDefinition, KeyError):
        return own  # the run is refused, and starts no child
    if not program.starts_children:
        return own
    found = await find_children(client, workflow_id)
    for child in found.hindrances.items():
        why = explain_start(program, workflow_id, own, child)
        if why is not None:
            raise PredecessorProblem(f'a new run "{workflow_id}" can\'t be started: {why}')
    return own.meet_children(found.known)
