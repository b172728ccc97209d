"""Messages in a history: who has sent which signal or update, and what the run has sent to others.

Payloads are not told: they may be large, and nobody knows which of their values are secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType, SignalExternalWorkflowExecutionFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.update.v1 import Request as UpdateRequest

from interpreter.events import CompensationOrdered, Place
from interpreter.state.compensation_orders import OrderKind
from interpreter.temporal.client.history.handlers import Handlers
from interpreter.temporal.client.history.reading import Reading
from interpreter.temporal.wire.breaker_names import WAKE_SIGNAL
from interpreter.temporal.wire.letters import ID_PREFIX, ORDER_SIGNAL, read_queue
from interpreter.temporal.wire.names import get_order
from interpreter.wording import Line, describe_event, describe_failure


@dataclass(frozen=True, slots=True)
class _Sent:
    """A signal that this run sends."""

    name: str
    to: str


class Messages:
    """Tells of signals and updates."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._updates: dict[int, str] = {}
        """Number of the event with which an update was accepted → its name."""
        self._sent: dict[int, _Sent] = {}
        self.handlers: Handlers = {
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: self._tell_signal,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: self._tell_update,
            EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED: self._tell_answer,
            EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED: self._note_sent,
            EventType.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED: self._tell_sent,
            EventType.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED: self._tell_not_sent,
            EventType.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_CANCEL_REQUESTED: self._tell_asked_to_stop,
        }

    async def _tell_signal(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.workflow_execution_signaled_event_attributes
        if told.signal_name == WAKE_SIGNAL:
            return [Line("step_woken", "a shared circuit breaker lets a step go on that has waited for it")]
        by = told.external_workflow_execution.workflow_id
        sender = f'the workflow "{by}"' if by else told.identity
        fields = {"signal": told.signal_name, "by": by or told.identity}
        return [Line("signal_received", f'signal "{told.signal_name}" from {sender}', fields)]

    async def _tell_update(self, event: HistoryEvent) -> Sequence[Line]:
        request = event.workflow_execution_update_accepted_event_attributes.accepted_request
        name = self._updates[event.event_id] = request.input.name
        order = get_order(name)
        if order is not None:
            return [await self._describe_order(order, request)]
        fields = {"update": name, "by": request.meta.identity}
        return [Line("update_accepted", f'update "{name}" from {request.meta.identity}', fields)]

    async def _describe_order(self, order: OrderKind, request: UpdateRequest) -> Line:
        """Describe what somebody has ordered about the undoing of a step; its answer says nothing more."""
        match await self._reading.decode(request.input.args.payloads):
            case [{"step": str() as step, "by": str() as by, "reason": str() as reason}, *_]:
                place = Place(self._reading.redact_name(step), self._reading.redact_name(step))
                return describe_event(CompensationOrdered(place, order, by, reason))
            case _:
                unknown = Place("(it can't be decoded here)", "")
                return describe_event(CompensationOrdered(unknown, order, request.meta.identity, "not shown"))

    async def _tell_answer(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.workflow_execution_update_completed_event_attributes
        name = self._updates.pop(told.accepted_event_id, "(accepted in an earlier run)")
        fields = {"update": name}
        if not told.outcome.HasField("failure"):
            return (
                [] if get_order(name) else [Line("update_answered", f'update "{name}" was answered', fields)]
            )
        failure = await self._reading.read_failure(told.outcome.failure)
        why = describe_failure(failure.type, failure.message)
        return [Line("update_failed", f'update "{name}" has failed: {why}', fields)]

    async def _note_sent(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.signal_external_workflow_execution_initiated_event_attributes
        to = told.workflow_execution.workflow_id
        if not to.startswith(ID_PREFIX):
            self._sent[event.event_id] = _Sent(told.signal_name, self._reading.redact_name(to))
        elif told.signal_name == ORDER_SIGNAL:  # what else it tells its dead letters is not worth a line
            letter = self._reading.redact_name(to)
            text = f"the dead letter {letter} is told that what had failed is done"
            return [Line("letters_told", text, {"queue": read_queue(to), "letters": [letter]})]
        return []

    async def _tell_sent(self, event: HistoryEvent) -> Sequence[Line]:
        number = event.external_workflow_execution_signaled_event_attributes.initiated_event_id
        if (sent := self._sent.pop(number, None)) is None:
            return []
        fields = {"signal": sent.name, "workflow_id": sent.to}
        return [Line("signal_sent", f'signal "{sent.name}" sent to "{sent.to}"', fields)]

    async def _tell_not_sent(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.signal_external_workflow_execution_failed_event_attributes
        if (sent := self._sent.pop(told.initiated_event_id, None)) is None:
            return []
        cause = SignalExternalWorkflowExecutionFailedCause.Name(told.cause)
        why = cause.removeprefix("SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_").replace("_", " ").lower()
        fields = {"signal": sent.name, "workflow_id": sent.to}
        return [Line("signal_not_sent", f'signal "{sent.name}" was not sent to "{sent.to}": {why}', fields)]

    async def _tell_asked_to_stop(self, event: HistoryEvent) -> Sequence[Line]:
        told = event.external_workflow_execution_cancel_requested_event_attributes
        other = self._reading.redact_name(told.workflow_execution.workflow_id)
        return [Line("cancel_sent", f'"{other}" is asked to stop', {"workflow_id": other})]
