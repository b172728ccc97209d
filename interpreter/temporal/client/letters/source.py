"""What has become of the run that has written a letter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from interpreter.temporal.client.decoding import translate_decoding_errors
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
    has_undone: bool = False
    """Whether it has undone something, before the letter or after it."""


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
        undone = decode_records(await latest.memo())
    return Source(
        is_running=latest.status is WorkflowExecutionStatus.RUNNING,
        is_later=await _is_later(client, latest, record["run_id"]),
        has_completed=latest.status is WorkflowExecutionStatus.COMPLETED,
        was_stopped=latest.status in _STOPPED,
        has_undone=any(each.times for each in undone.values()),
    )


async def _is_later(client: Client, latest: WorkflowExecutionDescription, run_id: str) -> bool:
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
