"""What has become of the run that has written a letter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from interpreter.effects import UndoneRecord
from interpreter.temporal.client.decoding import translate_decoding_errors
from interpreter.temporal.wire.names import is_stepfile_type
from interpreter.temporal.wire.repair_record import REPAIR_KEY, read_parent
from interpreter.temporal.wire.undone_records import decode_records

_STOPPED = (WorkflowExecutionStatus.TERMINATED, WorkflowExecutionStatus.TIMED_OUT)


@dataclass(frozen=True, slots=True)
class Source:
    """The latest run under the workflow id of the source."""

    is_running: bool = False
    is_later: bool = False
    """Whether it is another run than the one that has written the letter."""
    has_completed: bool = False
    was_stopped: bool = False
    """Whether the server has ended it: it could not tell its letters what it had undone."""
    undone: Mapping[str, UndoneRecord] = field(default_factory=dict[str, UndoneRecord])
    """Path in idempotency keys → what the memo of the latest run tells of the effect of a step."""
    was_resumed: bool = False
    """Whether it goes on from the run that has written the letter, and no run in between has begun anew."""
    parent: str | None = None
    """The run of a definition that runs it again when it is repaired itself, because it is a child of that run."""

    @property
    def has_undone(self) -> bool:
        """Whether it has undone something, before the letter or after it."""
        return any(each.times for each in self.undone.values())


GONE = Source()
"""There is no such run any more: its retention has ended."""


async def look_at_source(client: Client, record: Mapping[str, Any]) -> Source:
    """Look what has become of the run that has written a letter.

    Raises:
        Undecodable: its memo can't be decoded here.
    """
    workflow_id: str = record["workflow_id"]
    try:
        latest = await _describe(client, workflow_id)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return GONE
        raise
    with translate_decoding_errors():
        memo = await latest.memo()
    later = await is_later(client, latest, record["run_id"])
    return Source(
        is_running=latest.status is WorkflowExecutionStatus.RUNNING,
        is_later=later,
        has_completed=latest.status is WorkflowExecutionStatus.COMPLETED,
        was_stopped=latest.status in _STOPPED,
        undone=decode_records(memo),
        was_resumed=later and await _was_resumed(client, latest, record["run_id"]),
        parent=await _find_parent(client, latest, read_parent(latest.parent_id, memo)),
    )


async def _find_parent(
    client: Client, child: WorkflowExecutionDescription, workflow_id: str | None
) -> str | None:
    """The parent; None if there is none of a definition, or if it had completed without its child."""
    if workflow_id is None:
        return None
    try:
        parent = await _describe(client, workflow_id)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    has_completed = parent.status is WorkflowExecutionStatus.COMPLETED
    ended_before = parent.close_time and child.close_time and parent.close_time <= child.close_time
    is_alone = not is_stepfile_type(parent.workflow_type) or (has_completed and ended_before)
    return None if is_alone else workflow_id


async def _was_resumed(client: Client, latest: WorkflowExecutionDescription, run_id: str) -> bool:
    """
    Raises:
        Undecodable: a memo can't be decoded here.
    """
    current = latest
    while await is_later(client, current, run_id):
        with translate_decoding_errors():
            repair = (await current.memo()).get(REPAIR_KEY)
        if repair is None or repair["how"] != "resume":
            return False
        try:
            current = await _describe(client, latest.id, repair["run_id"])
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise
    return True


async def is_later(client: Client, latest: WorkflowExecutionDescription, run_id: str) -> bool:
    """A run that has continued as new is the same one."""
    if latest.run_id == run_id:
        return False
    try:
        writer = await _describe(client, latest.id, run_id)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return True
        raise
    first = writer.raw_description.workflow_execution_info.first_run_id
    return first != latest.raw_description.workflow_execution_info.first_run_id


async def _describe(
    client: Client, workflow_id: str, run_id: str | None = None
) -> WorkflowExecutionDescription:
    handle: WorkflowHandle[Any, Any] = client.get_workflow_handle(workflow_id, run_id=run_id)
    return await handle.describe()
