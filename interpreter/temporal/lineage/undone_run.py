"""What one run tells of what was undone: in what it was started with, and in its memo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from temporalio.api.history.v1 import WorkflowExecutionStartedEventAttributes
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle

from interpreter.effects import UndoneRecord
from interpreter.state.failed_run import read_next_attempt
from interpreter.state.next_attempt import NextAttempt
from interpreter.temporal.wire.request import StartRequest, decode_arguments
from interpreter.temporal.wire.undone_records import INCOMPLETE, decode_records

Handle = WorkflowHandle[Any, Any]


@dataclass(frozen=True, slots=True)
class UndoneRun:
    """One run, and what was undone in it and in those that it knows of."""

    run_id: str
    generation: int
    """With which generation the keys of its undoable steps begin."""
    request: StartRequest
    """What it was started with."""
    before: Mapping[str, int]
    """Path in idempotency keys → how often the effect of a step was undone in the runs before."""
    records: Mapping[str, UndoneRecord]
    """Path in idempotency keys → what has become of the effect in this run."""
    is_complete: bool
    """Whether its memo holds all that it has undone."""
    was_reset: bool
    """Whether it was made by a reset, so that it may not know all of the runs before it."""

    def count(self, path: str) -> int:
        """Count how many effects of a step were undone, from the first run of the workflow id on.

        A compensation that has begun and not ended may have done its work or not, and does not count. A service that
        remembers the key answers that it was undone, which is seen, where a second effect is not.
        """
        record = self.records.get(path)
        here = record.times if record is not None else 0
        return self.generation - 1 + self.before.get(path, 0) + here


async def read_undone_run(client: Client, described: WorkflowExecutionDescription) -> UndoneRun:
    """Read what a run tells of what was undone.

    Args:
        client: A connection to its namespace.
        described: The run, as the server describes it now.

    Raises:
        RPCError: there is no such run (any more), or the server can't be asked.
        InvalidRequest, WorkflowTaskRefused: it was started with what can't be read here.
        Exception: what it tells can't be decoded here.
    """
    run_id = described.run_id
    handle: Handle = client.get_workflow_handle(described.id, run_id=run_id)
    first = await anext(handle.fetch_history_events(page_size=1))
    started = first.workflow_execution_started_event_attributes
    arguments = await client.data_converter.decode(started.input.payloads)
    _, request = decode_arguments(arguments)
    memo = await described.memo()
    generation = request.state["generation"] if request.state is not None else request.predecessor.generation
    told = await _read_told(client, started)
    return UndoneRun(
        run_id,
        generation if told is not None else generation + _count_undone_attempts(started),
        request,
        request.predecessor.undone if told is None else _leave_out_own(told.undone, request),
        decode_records(memo),
        INCOMPLETE not in memo,
        started.original_execution_run_id != run_id,
    )


def _leave_out_own(undone: Mapping[str, int], request: StartRequest) -> dict[str, int]:
    """Leave out what the state counts with which the first attempt has begun: the memo of every attempt has it."""
    state = request.state or {}
    names, skipped = state.get("key_paths", {}), state.get("undone_apart", {}).get("skipped", {})
    own = {names.get(path, path): times for path, times in state.get("undone", {}).items()}
    return {path: times - own.get(path, 0) - skipped.get(path, 0) for path, times in undone.items()}


async def _read_told(client: Client, started: WorkflowExecutionStartedEventAttributes) -> NextAttempt | None:
    """Read what the attempt before has told this one; None if it has told nothing."""
    if not _was_undone(started):
        return None
    details = started.continued_failure.application_failure_info.details.payloads
    return read_next_attempt(await client.data_converter.decode(details))


def _count_undone_attempts(started: WorkflowExecutionStartedEventAttributes) -> int:
    """Count the attempts of the whole workflow before this one that were undone."""
    return started.attempt - 1 if _was_undone(started) else 0


def _was_undone(started: WorkflowExecutionStartedEventAttributes) -> bool:
    return started.attempt > 1 and started.continued_failure.HasField("application_failure_info")
