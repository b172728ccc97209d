"""The last events of a run that was ended from outside: no worker has seen them, and they are facts all the same.

A replay goes as far as the last workflow task that a worker has answered. What has come after it, such as a message
or the end of an activity, would be lost. So the history is given the workflow task in which a worker would have seen
it. What the run does in that task is never sent to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory

_ENDED_FROM_OUTSIDE = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT,
}
_ANSWERED = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
}


def show_last_events(history: WorkflowHistory) -> WorkflowHistory:
    """Add the workflow task in which a worker sees the last events, in place of the end from outside."""
    events = list(history.events)
    if not events or events[-1].event_type not in _ENDED_FROM_OUTSIDE:
        return history
    end = events.pop()
    if events[-1].event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED:
        return WorkflowHistory(history.workflow_id, events)
    scheduled = _find_scheduled(events)
    if scheduled is None:
        scheduled = HistoryEvent(
            event_id=end.event_id,
            event_time=end.event_time,
            event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
        )
        events.append(scheduled)
    started = HistoryEvent(
        event_id=events[-1].event_id + 1,
        event_time=end.event_time,
        event_type=EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
    )
    started.workflow_task_started_event_attributes.scheduled_event_id = scheduled.event_id
    return WorkflowHistory(history.workflow_id, [*events, started])


def has_unseen_messages(history: WorkflowHistory) -> bool:
    """Whether signals have come after the last workflow task that a worker has answered."""
    signaled = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    return any(event.event_type == signaled for event in _list_unanswered(history.events))


def _find_scheduled(events: list[HistoryEvent]) -> HistoryEvent | None:
    """Find the workflow task that waits for a worker."""
    scheduled = EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED
    return next((event for event in _list_unanswered(events) if event.event_type == scheduled), None)


def _list_unanswered(events: Sequence[HistoryEvent]) -> Iterator[HistoryEvent]:
    """List what has come after the last workflow task that a worker has answered, the latest first."""
    return takewhile(lambda event: event.event_type not in _ANSWERED, reversed(events))
