"""Activities in a history: the steps that call one, the letters that are written by one, and the run's own calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure as TemporalFailure
from temporalio.api.history.v1 import HistoryEvent

from interpreter.events import AlertEnded, DeadLetterWritten, Place, StepEnded, StepOutcome, StepStarted
from interpreter.failure.failure import Failure
from interpreter.program.paths import COMPENSATION_SUFFIX, alert_of_activity, step_of_activity, step_of_letter
from interpreter.temporal.client.history.handlers import Handlers
from interpreter.temporal.client.history.letters import read_record
from interpreter.temporal.client.history.own_calls import OWN_CALLS, describe_own_call
from interpreter.temporal.client.history.reading import Reading, read_time
from interpreter.wording import Line, describe_event


@dataclass(slots=True)
class _Activity:
    """An activity that has not ended yet."""

    step: str
    name: str
    scheduled: HistoryEvent
    attempt: int | None = None
    worker: str | None = None


class Activities:
    """Tells what became of activities."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._running: dict[int, _Activity] = {}
        self.handlers: Handlers = {
            EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: self._tell_scheduled,
            EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED: self._note_started,
            EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: self._tell_completed,
            EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: self._tell_failed,
            EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: self._tell_timed_out,
            EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED: self._tell_cancel_requested,
            EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED: self._tell_cancelled,
        }

    async def _tell_scheduled(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.activity_task_scheduled_event_attributes
        step = self._reading.redact_name(step_of_activity(told.activity_id))
        self._running[event.event_id] = _Activity(step, told.activity_type.name, event)
        if (lines := OWN_CALLS.get(told.activity_type.name)) is not None:
            return lines
        if step_of_letter(step) or alert_of_activity(step) or step.endswith(COMPENSATION_SUFFIX):
            return []  # the end tells all of it, and of a compensation the memo does
        line = describe_event(StepStarted(Place(step, step), "activity"))
        fields = {"activity": told.activity_type.name, "task_queue": told.task_queue.name}
        return [Line(line.name, line.text, {**line.fields, **fields})]

    async def _note_started(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.activity_task_started_event_attributes
        activity = self._running[told.scheduled_event_id]
        activity.attempt, activity.worker = told.attempt, told.identity
        return []

    async def _tell_completed(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.activity_task_completed_event_attributes
        return await self._tell_end(event, told.scheduled_event_id, "completed", None, told.result.payloads)

    async def _tell_failed(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.activity_task_failed_event_attributes
        return await self._tell_end(event, told.scheduled_event_id, "failed", told.failure)

    async def _tell_timed_out(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.activity_task_timed_out_event_attributes
        return await self._tell_end(event, told.scheduled_event_id, "failed", told.failure)

    async def _tell_cancelled(self, event: HistoryEvent) -> Sequence[Line]:
        number = event.activity_task_canceled_event_attributes.scheduled_event_id
        return await self._tell_end(event, number, "cancelled", None)

    async def _tell_cancel_requested(self, event: HistoryEvent) -> Sequence[Line]:
        number = event.activity_task_cancel_requested_event_attributes.scheduled_event_id
        step = self._running[number].step
        return [Line("cancel_of_step_requested", f"step {step} is asked to stop", {"step": step})]

    async def _tell_end(
        self,
        event: HistoryEvent,
        number: int,
        outcome: StepOutcome,
        failed: TemporalFailure | None,
        result: Sequence[Payload] = (),
    ) -> Sequence[Line]:
        activity = self._running.pop(number)
        failure = None if failed is None else await self._reading.read_failure(failed)
        if activity.name in OWN_CALLS:
            sent = activity.scheduled.activity_task_scheduled_event_attributes.input.payloads
            return [await describe_own_call(self._reading, activity.name, sent, result, failure)]
        if (about := step_of_letter(activity.step)) is not None:
            return [await self._describe_letter(activity, about, failure)]
        if (alert := alert_of_activity(activity.step)) is not None:
            return [describe_event(AlertEnded(alert, failure))]
        if outcome == "completed" and activity.step.endswith(COMPENSATION_SUFFIX) and activity.attempt == 1:
            return []  # the memo tells that its step is undone
        began, ended = (read_time(each) for each in (activity.scheduled, event))
        place = Place(activity.step, activity.step)
        line = describe_event(StepEnded(place, "activity", outcome, began, ended, activity.attempt, failure))
        fields = {"activity": activity.name, "worker": activity.worker}
        return [Line(line.name, line.text, {**line.fields, **fields})]

    async def _describe_letter(self, activity: _Activity, step: str, lost: Failure | None) -> Line:
        sent = activity.scheduled.activity_task_scheduled_event_attributes.input.payloads
        record = await read_record(self._reading, sent)
        queue = record.queue or activity.name
        return describe_event(DeadLetterWritten(Place(step, step), queue, record.failure, lost))
