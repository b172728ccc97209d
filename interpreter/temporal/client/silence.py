"""Why a run does not answer: nobody is there to continue it, it is not time yet, or the workers can't continue it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowExecutionDescription

from interpreter.temporal.wire.names import DEFAULT_TASK_QUEUE

ANSWER_TIMEOUT = 5.0
"""Seconds that a worker may take to answer. Measured: the SDK tries again beyond its own `rpc_timeout`."""


async def find_workers(
    client: Client,
    task_queue: str,
    kind: TaskQueueType.ValueType = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
) -> list[PollerInfo]:
    """Find the workers that have asked for work in the last minutes. Without one, who asks a run waits in vain.

    Args:
        client: The connection.
        task_queue: The name of the task queue.
        kind: Whether they have asked for workflow tasks, or for activities.
    """
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=kind,
        )
    )
    return list(described.pollers)


def describe_missing_workers(task_queue: str, workers: list[PollerInfo] | None = None) -> str:
    """Say that no worker answers.

    Args:
        task_queue: The task queue of the run.
        workers: Those that have asked for work in the last minutes, and still do not answer.
    """
    option = "" if task_queue == DEFAULT_TASK_QUEUE else f" --task-queue {task_queue}"
    said = f'no worker answers on task queue "{task_queue}": start one with `stepfile worker{option}`'
    if not workers:
        return said
    last = max(workers, key=lambda each: each.last_access_time.ToNanoseconds())
    gone = (datetime.now(UTC) - last.last_access_time.ToDatetime(UTC)) // timedelta(seconds=1)
    return f"{said}; the last one, {last.identity}, asked for work {max(gone, 0)} s ago and may have ended"


def explain_silence(info: WorkflowExecutionDescription, workers: list[PollerInfo] | None = None) -> str:
    """Say what keeps a run from answering.

    Args:
        info: What the server knows of the run.
        workers: Those that have asked for work in the last minutes, and still do not answer.
    """
    attempt = info.raw_description.pending_workflow_task.attempt
    if attempt > 1:
        return f"the workers fail to continue the run (attempt {attempt}); their logs say why"
    if info.execution_time is not None and info.execution_time > datetime.now(UTC):
        return f"the run begins at {info.execution_time:%Y-%m-%d %H:%M:%S} UTC"
    return describe_missing_workers(info.task_queue, workers)
