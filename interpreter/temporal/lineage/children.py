"""The children of the runs of one workflow id: which there are, and what each has undone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus, WorkflowHandle
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError, RPCStatusCode

from dsl.check import InvalidDefinition
from interpreter.predecessor import Predecessor
from interpreter.program.compiled import compile_program
from interpreter.temporal.lineage.lineage import BegunChildren, RunGone
from interpreter.temporal.lineage.predecessor import RecordIncomplete, read_predecessor
from interpreter.temporal.wire.formats import WorkflowTaskRefused
from interpreter.temporal.wire.letters import is_redrive_id
from interpreter.temporal.wire.names import is_stepfile_type
from interpreter.temporal.wire.request import InvalidRequest, StartRequest
from interpreter.temporal.wire.visibility import OUR_RUNS, quote

LONGEST_WAIT, LOOK_EVERY = timedelta(minutes=2), timedelta(seconds=1)
"""How long a run that was reset waits for the end of a child of an earlier run, and how often it looks."""


class ChildUnknown(Exception):
    """What a child has undone can't be known. The message says why, as a sentence without a full stop."""


async def list_children(client: Client, parent: str, begins: Sequence[str] = ()) -> list[str]:
    """List the workflow ids of the children of all runs under a workflow id.

    A redrive of one step starts the children of that, too, under the ids that the run would have given them.

    Args:
        client: A connection to the namespace.
        parent: The workflow id.
        begins: Only those whose workflow ids begin with one of these; empty: all.

    Raises:
        RPCError: the server can't be asked.
    """
    conditions = [f"WorkflowId STARTS_WITH {quote(each)}" for each in begins or (f"{parent}/",)]
    if not begins:
        conditions.append(f"ParentWorkflowId = {quote(parent)}")
    query = f"{OUR_RUNS} AND ({' OR '.join(conditions)})"
    runs = [each async for each in client.list_workflows(query)]
    return list(dict.fromkeys(each.id for each in runs if _is_parent(each.parent_id, parent)))


def _is_parent(workflow_id: str | None, parent: str) -> bool:
    return workflow_id is not None and (workflow_id == parent or is_redrive_id(workflow_id))


async def read_children(
    client: Client,
    parent: str,
    beat: Callable[[], None],
    begun: BegunChildren | None = None,
    around: frozenset[str] = frozenset(),
) -> dict[str, Predecessor]:
    """Read what the children of all runs under a workflow id have undone, and theirs in turn.

    Args:
        client: A connection to the namespace.
        parent: The workflow id.
        beat: Called again and again meanwhile.
        begun: What histories tell of the children of a run that was reset, where visibility may be late. One that the
            run does not wait for may still run, and undo what it has done. So this waits until it has ended.
        around: The workflow ids of those of which the run is a child, directly or not. Ids can be used again, so that
            two runs may each be the parent of an earlier run of the other one.

    Raises:
        ChildUnknown: it can't be known of one of them.
        Exception: as of `read_predecessor`.
    """
    known: dict[str, Predecessor] = {}
    around |= {parent}
    more = sorted(begun.ids) if begun is not None else ()
    for workflow_id in dict.fromkeys((*await list_children(client, parent), *more)):
        beat()
        child = await _describe(client, workflow_id) if workflow_id not in around else None
        if child is not None and begun is not None and workflow_id not in begun.pending:
            child = await _wait_for_end(client, child, beat)
        if child is None or not is_stepfile_type(child.workflow_type):
            continue
        try:
            before, last = await read_predecessor(client, child)
        except RecordIncomplete:
            raise ChildUnknown(
                f'the child "{workflow_id}" has undone more steps than its memo holds'
            ) from None
        except InvalidRequest as invalid:
            # a foreign client has started it, and has told it nothing of the run before
            raise ChildUnknown(
                f'what the child "{workflow_id}" was started with can\'t be read: {invalid}'
            ) from None
        except RunGone as gone:
            raise ChildUnknown(f'run {gone} of the child "{workflow_id}" is no more') from None
        except (TemporalError, WorkflowTaskRefused):
            raise  # the server can't be asked, or a worker of a newer release can read it
        except Exception as error:
            raise ChildUnknown(
                f'what the child "{workflow_id}" tells can\'t be decoded: {type(error).__name__}: {error}'
            ) from None
        if _starts_children(last.request):
            before = before.meet_children(await read_children(client, workflow_id, beat, around=around))
        known[workflow_id] = before
    return known


async def _wait_for_end(
    client: Client, child: WorkflowExecutionDescription, beat: Callable[[], None]
) -> WorkflowExecutionDescription | None:
    """Wait until a child has ended that an earlier run has begun, and that a reset has left running.

    Raises:
        ChildUnknown: it goes on.
    """
    loop, described = asyncio.get_running_loop(), child
    until = loop.time() + LONGEST_WAIT.total_seconds()
    while described.status is WorkflowExecutionStatus.RUNNING:
        if loop.time() > until:
            raise ChildUnknown(f'the child "{child.id}", which another run has begun, runs still')
        beat()
        await asyncio.sleep(LOOK_EVERY.total_seconds())
        again = await _describe(client, child.id)
        if again is None:
            return None
        described = again
    return described


def _starts_children(request: StartRequest) -> bool:
    try:
        return compile_program(request.bundle, request.entry).starts_children
    except (InvalidDefinition, KeyError):
        return False  # a run whose definition is refused has done nothing


async def _describe(client: Client, workflow_id: str) -> WorkflowExecutionDescription | None:
    handle: WorkflowHandle[object, object] = client.get_workflow_handle(workflow_id)
    try:
        return await handle.describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None  # its retention has ended
        raise
