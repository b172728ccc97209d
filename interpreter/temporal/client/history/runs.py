"""The life of the run itself in a history: its start and end, what was done to it from outside, and its workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from temporalio.api.enums.v1 import (
    ContinueAsNewInitiator,
    EventType,
    TimeoutType,
    WorkflowTaskFailedCause,
)
from temporalio.api.history.v1 import HistoryEvent

from interpreter.events import RunContinuedAsNew, RunEnded, RunStarted
from interpreter.temporal.client.history.handlers import Handlers
from interpreter.temporal.client.history.reading import Reading
from interpreter.temporal.client.history.start import read_start
from interpreter.wording import Line, describe_event, describe_failure


class Runs:
    """Tells how the run began, went on, and ended."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._started_at = datetime.max.replace(tzinfo=UTC)
        self.handlers: Handlers = {
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: self._tell_start,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: self._tell_completed,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: self._tell_failed,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: self._tell_cancelled,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: self._tell_timed_out,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: self._tell_terminated,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: self._tell_continued,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED: self._tell_cancel_requested,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_PAUSED: self._tell_paused,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UNPAUSED: self._tell_unpaused,
            EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED: self._tell_task_failed,
            EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT: self._tell_task_timed_out,
        }

    async def _tell_start(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.workflow_execution_started_event_attributes
        self._reading.start = start = await read_start(event, self._reading.converter)
        began: str | None = (start.state or {}).get("started_at")
        self._started_at = _read_time(event) if began is None else datetime.fromisoformat(began)
        line = describe_event(RunStarted(told.attempt))
        before = told.continued_execution_run_id
        origin, fields = f" by {told.identity}" if told.identity else "", {"task_queue": told.task_queue.name}
        if told.HasField("parent_workflow_execution"):
            parent = self._reading.redact(told.parent_workflow_execution.workflow_id)
            origin, fields = f' by the workflow "{parent}"', {**fields, "parent_id": parent}
        elif before:
            origin, fields = f" after run {before}", {**fields, "run_before": before}
        where = f", task queue {told.task_queue.name}"
        return [Line(line.name, f"{line.text}{origin}{where}", {**line.fields, **fields})]

    async def _tell_completed(self, event: HistoryEvent) -> Sequence[Line]:
        following = event.workflow_execution_completed_event_attributes.new_execution_run_id
        ended = RunEnded("completed", self._started_at, _read_time(event), None)
        return [_add_following(describe_event(ended), following)]

    async def _tell_failed(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.workflow_execution_failed_event_attributes
        # The run has replaced secret values itself, and its error is shown by every other command.
        failure = await self._reading.read_shown_failure(told.failure)
        ended = RunEnded("failed", self._started_at, _read_time(event), failure)
        return [_add_following(describe_event(ended), told.new_execution_run_id)]

    async def _tell_cancelled(self, event: HistoryEvent) -> Sequence[Line]:
        return [describe_event(RunEnded("cancelled", self._started_at, _read_time(event), None))]

    async def _tell_timed_out(self, event: HistoryEvent) -> Sequence[Line]:
        following = event.workflow_execution_timed_out_event_attributes.new_execution_run_id
        text = "run timed out: the server has ended it, and nothing more of it is undone"
        return [_add_following(Line("run_timed_out", text), following)]

    async def _tell_terminated(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.workflow_execution_terminated_event_attributes
        text = f"run terminated by {told.identity}{_say_reason(told.reason)}; nothing more of it is undone"
        return [Line("run_terminated", text, {"by": told.identity, "reason": told.reason})]

    async def _tell_continued(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.workflow_execution_continued_as_new_event_attributes
        following = told.new_execution_run_id
        if told.initiator in _BY_SERVER:
            return [_add_following(Line("run_followed", "run has ended"), following)]
        return [_add_following(describe_event(RunContinuedAsNew()), following)]

    async def _tell_cancel_requested(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.workflow_execution_cancel_requested_event_attributes
        other = told.external_workflow_execution.workflow_id
        by = f'the workflow "{self._reading.redact(other)}"' if other else told.identity
        text = f"cancellation requested by {by}{_say_reason(told.cause)}"
        return [Line("cancel_requested", text, {"by": other or told.identity, "reason": told.cause})]

    async def _tell_paused(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.workflow_execution_paused_event_attributes
        return [_build_line_of_pause("paused", told.identity, told.reason)]

    async def _tell_unpaused(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.workflow_execution_unpaused_event_attributes
        return [_build_line_of_pause("unpaused", told.identity, told.reason)]

    async def _tell_task_failed(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.workflow_task_failed_event_attributes
        if told.cause == WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW:
            reason = told.failure.message
            # The server does not keep who has asked for it.
            text = f"run reset: it goes on from here instead of run {told.base_run_id}{_say_reason(reason)}"
            return [Line("run_reset", text, {"reason": reason, "base_run_id": told.base_run_id})]
        if told.cause in _HARMLESS:
            return []
        failure = await self._reading.read_failure(told.failure)
        why = describe_failure(failure.type, failure.message)
        text = f"the worker {told.identity} has failed to continue the run: {why}"
        return [Line("workflow_task_failed", text, {"worker": told.identity, "error_type": failure.type})]

    async def _tell_task_timed_out(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.workflow_task_timed_out_event_attributes
        if told.timeout_type != TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE:
            return []  # a worker is gone that had the run in its memory; the server asks another one
        text = "a worker has not continued the run in time, and the server asks again"
        return [Line("workflow_task_timed_out", text)]


_BY_SERVER = (
    ContinueAsNewInitiator.CONTINUE_AS_NEW_INITIATOR_RETRY,
    ContinueAsNewInitiator.CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE,
)
"""The run has not asked for another one, but its retry policy or its cron expression has."""

_HARMLESS = (
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_STICKY_TASK_QUEUE,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND,
)
"""Something has happened while a worker was busy with the run, so it does the task once more."""


def _build_line_of_pause(how: str, by: str, reason: str) -> Line:
    fields: Mapping[str, Any] = {"by": by, "reason": reason}
    return Line(f"run_{how}", f"run {how} by {by}{_say_reason(reason)}", dict(fields))


def _add_following(line: Line, run_id: str) -> Line:
    if not run_id:
        return line
    return Line(line.name, f"{line.text}; it goes on as run {run_id}", {**line.fields, "next_run": run_id})


def _say_reason(reason: str) -> str:
    return f": {reason}" if reason else ""


def _read_time(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime(UTC)
