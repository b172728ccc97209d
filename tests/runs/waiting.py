"""What runs wait for, and how long they have waited for their workers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from tests.support.history import events_of, list_family

_ENDS = {
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED: "workflow_task_completed_event_attributes",
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED: "workflow_task_failed_event_attributes",
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT: "workflow_task_timed_out_event_attributes",
    EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED: "activity_task_started_event_attributes",
}
"""What a worker was to do soon → where its event names the one by which it was asked."""


async def measure_waiting(client: Client, workflow_id: str) -> float:
    """Measure how many seconds the runs of a workflow and of its children waited until their workers did something.

    These are workflow tasks until they have ended, and first attempts of activities until they begin.
    """
    waited = timedelta()
    for run in await list_family(client, workflow_id):
        waited += _add_up(await events_of(run))
    return waited.total_seconds()


async def find_pending(client: Client, workflow_id: str) -> list[str]:
    """Find the activities for which the runs of a workflow and of its children wait, as text."""
    found: list[str] = []
    for run in await list_family(client, workflow_id):
        for each in (await run.describe()).raw_description.pending_activities:
            after = f", after {each.last_failure.message}" if each.HasField("last_failure") else ""
            found.append(f"attempt {each.attempt} of {each.activity_id}{after}")
    return found


def _add_up(events: Sequence[HistoryEvent]) -> timedelta:
    asked = {event.event_id: event.event_time.ToDatetime() for event in events}
    waited = timedelta()
    for event in events:
        if (name := _ENDS.get(event.event_type)) is None:
            continue
        said = getattr(event, name)
        if getattr(said, "attempt", 1) == 1:
            waited += event.event_time.ToDatetime() - asked[said.scheduled_event_id]
    return waited
