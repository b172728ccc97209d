"""Child workflows in a history: steps that start one, and letters of built-in queues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure as TemporalFailure
from temporalio.api.history.v1 import HistoryEvent

from interpreter.events import DeadLetterWritten, Place, StepEnded, StepOutcome, StepStarted
from interpreter.failure.failure import Failure
from interpreter.temporal.client.history.handlers import Handlers
from interpreter.temporal.client.history.letters import read_record
from interpreter.temporal.client.history.reading import Reading
from interpreter.temporal.wire.letters import is_about_letter, read_queue
from interpreter.wording import Line, describe_event


@dataclass(frozen=True, slots=True)
class _Child:
    """A child workflow that has not ended yet."""

    id: str
    workflow_type: str
    step: str
    initiated: HistoryEvent


class Children:
    """Tells what became of child workflows."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._running: dict[int, _Child] = {}
        self.handlers: Handlers = {
            EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: self._note_initiated,
            EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_FAILED: self._tell_not_started,
            EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED: self._tell_started,
            EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED: self._tell_completed,
            EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_FAILED: self._tell_failed,
            EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED: self._tell_cancelled,
            EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT: self._tell_timed_out,
            EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED: self._tell_terminated,
        }

    async def _note_initiated(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.start_child_workflow_execution_initiated_event_attributes
        prefix = f"{self._reading.workflow_id}/"
        if told.workflow_id.startswith(prefix):  # its id is the key of its step
            step = self._reading.redact(told.workflow_id.removeprefix(prefix))
        else:
            step = await self._reading.read_summary(event) or told.workflow_id
        self._running[event.event_id] = _Child(told.workflow_id, told.workflow_type.name, step, event)
        return []

    async def _tell_started(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.child_workflow_execution_started_event_attributes
        child = self._running[told.initiated_event_id]
        if is_about_letter(child.workflow_type):
            return [await self._describe_letter(child)]
        line = describe_event(StepStarted(Place(child.step, child.step), "child_workflow"))
        run_id = told.workflow_execution.run_id
        text = f'{line.text}: child workflow "{self._reading.redact(child.id)}", run {run_id}'
        return [Line(line.name, text, {**line.fields, "child_id": child.id, "child_run_id": run_id})]

    async def _tell_not_started(self, event: HistoryEvent) -> Sequence[Line]:
        number = event.start_child_workflow_execution_failed_event_attributes.initiated_event_id
        child = self._running[number]
        if is_about_letter(child.workflow_type):
            del self._running[number]
            return [await self._describe_letter(child)]  # it is open, and gets the record by a signal
        why = f'a workflow with the id "{self._reading.redact(child.id)}" is already running'
        return self._tell_end(event, number, "failed", Failure("ChildWorkflowAlreadyStarted", why))

    async def _tell_completed(self, event: HistoryEvent) -> Sequence[Line]:
        number = event.child_workflow_execution_completed_event_attributes.initiated_event_id
        return self._tell_end(event, number, "completed", None)

    async def _tell_failed(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.child_workflow_execution_failed_event_attributes
        return self._tell_end(event, told.initiated_event_id, "failed", await self._read(told.failure))

    async def _tell_cancelled(self, event: HistoryEvent) -> Sequence[Line]:
        number = event.child_workflow_execution_canceled_event_attributes.initiated_event_id
        return self._tell_end(event, number, "cancelled", None)

    async def _tell_timed_out(self, event: HistoryEvent) -> Sequence[Line]:
        number = event.child_workflow_execution_timed_out_event_attributes.initiated_event_id
        return self._tell_end(event, number, "failed", Failure("Timeout.Run", "the child workflow timed out"))

    async def _tell_terminated(self, event: HistoryEvent) -> Sequence[Line]:
        number = event.child_workflow_execution_terminated_event_attributes.initiated_event_id
        failure = Failure("Terminated", "somebody has terminated the child workflow")
        return self._tell_end(event, number, "failed", failure)

    async def _read(self, failure: TemporalFailure) -> Failure:
        return await self._reading.read_failure(failure)

    def _tell_end(
        self, event: HistoryEvent, number: int, outcome: StepOutcome, failure: Failure | None
    ) -> Sequence[Line]:
        child = self._running.pop(number)
        began, ended = (_read_time(each) for each in (child.initiated, event))
        place = Place(child.step, child.step)
        line = describe_event(StepEnded(place, "child_workflow", outcome, began, ended, None, failure))
        return [Line(line.name, line.text, {**line.fields, "child_id": child.id})]

    async def _describe_letter(self, child: _Child) -> Line:
        told = child.initiated.start_child_workflow_execution_initiated_event_attributes
        record = await read_record(self._reading, told.input.payloads)
        step = record.step or self._reading.redact(child.id)
        return describe_event(
            DeadLetterWritten(Place(step, step), read_queue(child.id), record.failure, None)
        )


def _read_time(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime(UTC)
