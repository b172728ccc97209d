"""What has become of the run that has written a letter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from interpreter.effects import UndoneRecord, UndoneStatus
from interpreter.temporal.client.decoding import translate_decoding_errors
from interpreter.temporal.lineage.undone_run import read_undone_run
from interpreter.temporal.wire.formats import WorkflowTaskRefused
from interpreter.temporal.wire.names import is_stepfile_type
from interpreter.temporal.wire.repair_record import REPAIR_KEY, read_parent
from interpreter.temporal.wire.request import InvalidRequest
from interpreter.temporal.wire.undone_records import decode_records

_STOPPED = (WorkflowExecutionStatus.TERMINATED, WorkflowExecutionStatus.TIMED_OUT)
_FAILED = (WorkflowExecutionStatus.FAILED, WorkflowExecutionStatus.CANCELED)


@dataclass(frozen=True, slots=True)
class Parent:
    """The latest run under the workflow id of a parent."""

    workflow_id: str
    is_running: bool
    has_completed: bool
    was_run_again: bool
    """Whether it is another run than the one that has started the child."""

    @property
    def runs_child_again(self) -> bool:
        """Whether it runs the child again if it is repaired, or may have done so."""
        return self.was_run_again or not (self.is_running or self.has_completed)


@dataclass(frozen=True, slots=True)
class Source:
    """The latest run under the workflow id of the source."""

    is_running: bool = False
    is_later: bool = False
    """Whether it is another run than the one that has written the letter."""
    has_completed: bool = False
    was_stopped: bool = False
    """Whether the server has ended it: it could not tell its letters what it had undone."""
    has_failed: bool = False
    """Whether it has failed or was cancelled: it could undo what it had done."""
    undone: Mapping[str, UndoneRecord] = field(default_factory=dict[str, UndoneRecord])
    """Path in idempotency keys → what the memo of the latest run tells of the effect of a step."""
    was_resumed: bool = False
    """Whether it goes on from the run that has written the letter, and no run in between has begun anew."""
    knows_of_undoing: bool = False
    """Whether the run that has written the letter, or one between the two, has undone something."""
    parent: Parent | None = None
    """The run of a definition whose child it is; None if that had completed without it."""

    @property
    def has_undone(self) -> bool:
        """Whether it has undone something, before the letter or after it, was stopped meanwhile, or knows of that."""
        return self.knows_of_undoing or _tells_of_undoing(self.undone)


def _tells_of_undoing(undone: Mapping[str, UndoneRecord]) -> bool:
    return any(each.times or each.status is UndoneStatus.UNDOING for each in undone.values())


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
        has_failed=latest.status in _FAILED,
        undone=decode_records(memo),
        was_resumed=later and await _was_resumed(client, latest, record["run_id"]),
        knows_of_undoing=later and await _knows_of_undoing(client, latest, record),
        parent=await _find_parent(client, latest, read_parent(latest.parent_id, memo)),
    )


async def _find_parent(
    client: Client, child: WorkflowExecutionDescription, workflow_id: str | None
) -> Parent | None:
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
    if not is_stepfile_type(parent.workflow_type) or (has_completed and ended_before):
        return None
    if child.parent_id is not None and child.parent_run_id is not None:
        was_run_again = await is_later(client, parent, child.parent_run_id)
    else:  # it was repaired by itself
        was_run_again = child.close_time is not None and parent.start_time > child.close_time
    is_running = parent.status is WorkflowExecutionStatus.RUNNING
    return Parent(workflow_id, is_running, has_completed, was_run_again)


async def _knows_of_undoing(
    client: Client, latest: WorkflowExecutionDescription, record: Mapping[str, Any]
) -> bool:
    """Whether the run that has written a letter, or one since, has undone something, or was stopped meanwhile.

    A run that was stopped from outside could not tell its letters. But its memo tells, and the next run was told.

    Raises:
        Undecodable: what the latest run was started with can't be decoded here.
    """
    request: Mapping[str, Any] = record.get("redrive", {}).get("request", {})
    generation, undone = request.get("generation", 1), request.get("undone", {})
    try:
        with translate_decoding_errors():
            told = await read_undone_run(client, latest)
    except (InvalidRequest, WorkflowTaskRefused):
        return True
    if _tells_of_undoing(await _read_undone(client, latest.id, record["run_id"])):
        return True
    counts = {path: told.generation - 1 + times for path, times in told.before.items()}
    return told.generation > generation or any(
        count > generation - 1 + undone.get(path, 0) for path, count in counts.items()
    )


async def _read_undone(client: Client, workflow_id: str, run_id: str) -> Mapping[str, UndoneRecord]:
    """
    Raises:
        Undecodable: the memo of the run can't be decoded here.
    """
    try:
        described = await _describe(client, workflow_id, run_id)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return {}
        raise
    with translate_decoding_errors():
        return decode_records(await described.memo())


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
