"""Runs that are open and do not get on.

A run is *stuck* if it waits for something that does not come by itself:

- its workers fail to continue it: its workflow task has failed at least three times in a row;
- a compensation fails and fails: at least three attempts have failed, or one has, and the next one is more than a
  minute away;
- somebody has paused one of its activities;
- nobody polls the task queue of what it waits for: of the run itself, when something has happened that a worker must
  look at, or of an activity that is due. Workers with a version that the run may not have are nobody.

A step that is retried is not stuck: its retry policy says for how long it is tried, and services are polled so. Nor
is a run that waits for a timer, a message, or the time of its start.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import PendingWorkflowTaskState, TaskQueueType
from temporalio.client import Client, WorkflowExecutionDescription

from interpreter.effects import UndoneStatus
from interpreter.program.paths import COMPENSATION_SUFFIX
from interpreter.temporal.client.ending import ENDED, read_status
from interpreter.temporal.client.queue_workers import QueueWorkers, find_workers
from interpreter.temporal.client.run_handle import PendingActivity, read_pending
from interpreter.temporal.client.run_problem import translate_errors
from interpreter.temporal.client.runs.summary import RunSummary

FAILURES = 3
"""So many failures in a row are no accident."""

SOON = timedelta(minutes=1)
"""An attempt that comes later than this is nothing to wait for."""


@dataclass(slots=True, eq=False)
class StuckRuns:
    """Finds out which runs are stuck; it asks only once who polls a task queue."""

    client: Client
    _workers: dict[tuple[str, int], asyncio.Task[QueueWorkers]] = field(
        default_factory=dict[tuple[str, int], asyncio.Task[QueueWorkers]]
    )

    async def check(self, run: RunSummary) -> RunSummary | None:
        """Return a run with the reasons why it is stuck, or None if it is not.

        Raises:
            RunProblem: the run is gone.
        """
        handle = self.client.get_workflow_handle(run.workflow_id, run_id=run.run_id)
        with translate_errors(run.workflow_id):
            described = await handle.describe()
            is_undoing = UndoneStatus.UNDOING.value in run.undone.values()
            reasons = tuple([reason async for reason in self._list_reasons(described, is_undoing)])
        return replace(run, stuck=reasons) if reasons else None

    async def _list_reasons(self, run: WorkflowExecutionDescription, is_undoing: bool) -> AsyncIterator[str]:
        if read_status(run.status) in ENDED:
            return
        async for reason in self._look_at_workflow_task(run):
            yield reason
        for activity in await read_pending(run, self.client.data_converter):
            if activity.paused:
                yield f"somebody has paused {activity.step}"
            elif COMPENSATION_SUFFIX in activity.step and _fails_again_and_again(activity):
                yield f"{_say_failures(activity)}, so its step is not undone: {activity.error}"
            elif is_undoing and _fails_again_and_again(activity):  # a step of a compensation by steps
                yield f"{_say_failures(activity)} while something is undone: {activity.error}"
            elif _is_due(activity) and not (await self._ask(activity.task_queue, _ACTIVITIES)).pollers:
                yield f'no worker takes {activity.step} from the task queue "{activity.task_queue}"'

    async def _look_at_workflow_task(self, run: WorkflowExecutionDescription) -> AsyncIterator[str]:
        raw = run.raw_description
        if not raw.HasField("pending_workflow_task"):
            return
        task = raw.pending_workflow_task
        if task.attempt > FAILURES:
            yield f"its workers have failed {task.attempt - 1} times to continue it; their logs say why"
        elif task.state == _WAITS and _has_begun(run):
            workers = await self._ask(run.task_queue, _RUNS)
            if not workers.find_takers(run):
                which = "worker with the version that it needs" if workers.pollers else "worker"
                yield f'no {which} takes it from the task queue "{run.task_queue}"'

    async def _ask(self, task_queue: str, kind: TaskQueueType.ValueType) -> QueueWorkers:
        key = (task_queue, kind)
        if key not in self._workers:
            self._workers[key] = asyncio.ensure_future(find_workers(self.client, task_queue, kind))
        return await self._workers[key]


_WAITS = PendingWorkflowTaskState.PENDING_WORKFLOW_TASK_STATE_SCHEDULED
_RUNS = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW
_ACTIVITIES = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY


def _has_begun(run: WorkflowExecutionDescription) -> bool:
    return run.execution_time is None or run.execution_time <= datetime.now(UTC)


def _fails_again_and_again(activity: PendingActivity) -> bool:
    has_failed = activity.attempt > 1 and activity.error is not None
    is_far = activity.due_at is not None and activity.due_at > datetime.now(UTC) + SOON
    return activity.attempt > FAILURES or (has_failed and is_far)


def _say_failures(activity: PendingActivity) -> str:
    times = "once" if activity.attempt == 2 else f"{activity.attempt - 1} times"
    return f"{activity.step} has failed {times}"


def _is_due(activity: PendingActivity) -> bool:
    return activity.due_at is not None and activity.due_at <= datetime.now(UTC)
