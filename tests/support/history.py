"""The history of a run is written in the letters of the fault matrix."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowHandle

from tests.support.waiting import until

_LETTERS = {
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: "S",
    EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED: "C",
    EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED: "F",
    EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT: "T",
    EventType.EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED: "CR",
    EventType.EVENT_TYPE_ACTIVITY_TASK_CANCELED: "X",
    EventType.EVENT_TYPE_TIMER_STARTED: "TS",
    EventType.EVENT_TYPE_TIMER_FIRED: "TF",
    EventType.EVENT_TYPE_TIMER_CANCELED: "TC",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED: "WCR",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: "completed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED: "failed",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED: "canceled",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED: "terminated",
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT: "timed out",
}
_LEFT_OUT = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
    EventType.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED,  # see test_undone_memo
}


async def events_of(run: WorkflowHandle[object, object]) -> list[HistoryEvent]:
    """Fetch all events of a run."""
    return list((await run.fetch_history()).events)


async def list_family(client: Client, workflow_id: str) -> list[WorkflowHandle[Any, Any]]:
    """List the runs under an id and those of their children, whose ids begin with it.

    A server lists a run a moment after it has begun. So this waits until there is one.
    """
    found: list[WorkflowHandle[Any, Any]] = []

    async def is_listed() -> bool:
        runs = [run async for run in client.list_workflows(f'WorkflowId STARTS_WITH "{workflow_id}"')]
        found.extend(client.get_workflow_handle(run.id, run_id=run.run_id) for run in runs)
        return bool(found)

    await until(is_listed, f"the server lists {workflow_id}")
    return found


def letters(events: Iterable[HistoryEvent]) -> str:
    """Write events such as `S St C`: scheduled, started, completed; `St(2)` is the second attempt.

    Workflow tasks that went well and changes of the memo are left out. Any other event has its full name.
    """
    return " ".join(_letter(event) for event in events if event.event_type not in _LEFT_OUT)


def _letter(event: HistoryEvent) -> str:
    if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED:
        attempt = event.activity_task_started_event_attributes.attempt
        return "St" if attempt == 1 else f"St({attempt})"
    return _LETTERS.get(event.event_type) or EventType.Name(event.event_type)
