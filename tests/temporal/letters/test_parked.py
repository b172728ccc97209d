"""A step that fails can also be parked in place, by Temporal's own means, instead of becoming a letter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import PauseActivityRequest, UnpauseActivityRequest
from temporalio.client import Client, WorkflowHandle

from dsl.reading.reader import read_text
from stepfile import create_worker, prepare, start
from tests.support.history import events_of
from tests.support.waiting import until

TEXT = """
dsl: "1"
name: parked
steps:
  - {id: charge, activity: charge, timeouts: {start_to_close: 10s}, retry: {maximum_interval: 1s}}
"""


async def test_no_attempt_is_made_while_the_step_is_parked(client: Client, task_queue: str) -> None:
    """D15: an operator pauses the activity, repairs the service, and lets it go on."""
    calls: list[datetime] = []
    repaired: list[bool] = []

    @activity.defn
    async def charge() -> str:
        calls.append(datetime.now(UTC))
        if not repaired:
            raise ConnectionError("no answer")
        return "charged"

    async with create_worker(client, [charge], task_queue=task_queue):
        run = await start(client, prepare(read_text(TEXT)), workflow_id=task_queue, task_queue=task_queue)
        await until(lambda: len(calls) >= 2, "it has failed")
        where: dict[str, Any] = {
            "namespace": client.namespace,
            "execution": WorkflowExecution(workflow_id=run.id),
            "id": "charge",
        }
        await client.workflow_service.pause_activity(PauseActivityRequest(**where))
        before = len(calls)
        pending = await _read_pending(run)
        assert pending.paused
        since = datetime.now(UTC)
        await until(lambda: datetime.now(UTC) - since > timedelta(seconds=3), "the next attempt would be due")
        assert len(calls) <= before + 1, "one may have been on its way"
        repaired.append(True)
        await client.workflow_service.unpause_activity(UnpauseActivityRequest(**where))
        assert await run.result() == "charged"
    kinds = [each.event_type for each in await events_of(run)]
    for kind in (
        EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
    ):
        assert kinds.count(kind) == 1


async def _read_pending(run: WorkflowHandle[Any, Any]) -> Any:
    (pending,) = (await run.describe()).raw_description.pending_activities
    return pending
