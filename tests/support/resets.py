"""Reset a run, as `temporal workflow reset` and Temporal's UI do it."""

from __future__ import annotations

import uuid
from typing import Any

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle

Run = WorkflowHandle[Any, Any]


async def reset(client: Client, run: Run, task: int) -> Run:
    """Reset a run to just before a workflow task, which is then repeated, and return the new run.

    Args:
        client: A connection to its namespace.
        run: The run; without a run id, the latest of its workflow id.
        task: The id of the event that ended the workflow task.
    """
    run_id = run.run_id or (await run.describe()).run_id
    request = ResetWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=run.id, run_id=run_id),
        reason="a test",
        workflow_task_finish_event_id=task,
        request_id=str(uuid.uuid4()),
    )
    answer = await client.workflow_service.reset_workflow_execution(request)
    return client.get_workflow_handle(run.id, run_id=answer.run_id)


async def list_tasks(run: Run) -> list[int]:
    """List the workflow tasks to which a run can be reset, by the events that ended them."""
    return [event.event_id for event in (await run.fetch_history()).events if _is_task(event)]


async def find_task(run: Run, after: str, event: str = "completed") -> int:
    """Find the first workflow task after something has become of an activity.

    Args:
        run: The run.
        after: The id of the activity.
        event: `scheduled`, `completed`, `failed` or `canceled`.
    """
    names: dict[int, str] = {}
    is_next = False
    for each in (await run.fetch_history()).events:
        if is_next and _is_task(each):
            return each.event_id
        kind = each.WhichOneof("attributes") or ""
        attributes = getattr(each, kind)
        if kind == "activity_task_scheduled_event_attributes":
            names[each.event_id] = attributes.activity_id
        name = names.get(getattr(attributes, "scheduled_event_id", each.event_id))
        is_next |= kind == f"activity_task_{event}_event_attributes" and name == after
    raise AssertionError(f"no such workflow task after {after} was {event}")


def _is_task(event: HistoryEvent) -> bool:
    return event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
