"""The workers of a task queue: which of them have asked for work lately, and which of those may continue a run.

A worker with a version (Temporal's Worker Deployments) takes the runs that its version gets: those that are pinned to
it, and all others while it is the current version, or has a part of the runs. Other workers take the runs of a queue
that has no current version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import TaskQueueType, VersioningBehavior, WorkerVersioningMode
from temporalio.api.taskqueue.v1 import PollerInfo, TaskQueue, TaskQueueVersioningInfo
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client, WorkflowExecutionDescription

LONGEST_POLL = timedelta(seconds=70)
"""A poll waits up to 60 s at the server. Who has asked for no work for longer has probably ended, although the server
remembers it for five minutes."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a deployment."""

    deployment: str
    build_id: str


@dataclass(frozen=True, slots=True)
class QueueWorkers:
    """The workers that have asked a task queue for work in the last minutes."""

    task_queue: str
    pollers: Sequence[PollerInfo] = ()
    routing: TaskQueueVersioningInfo = field(default_factory=TaskQueueVersioningInfo)
    """Which versions get the runs that are not pinned."""

    def select_living(self) -> QueueWorkers:
        """Leave out those that have probably ended; all of them stay if that would leave out all.

        The server's clock may be set otherwise than ours.
        """
        bound = datetime.now(UTC) - LONGEST_POLL
        living = [each for each in self.pollers if each.last_access_time.ToDatetime(UTC) >= bound]
        return replace(self, pollers=living or self.pollers)

    def find_takers(self, run: WorkflowExecutionDescription | None) -> list[PollerInfo]:
        """Find the workers that may continue a run; None is one that begins."""
        versions = self._list_versions(run)
        return [each for each in self.pollers if read_version(each) in versions]

    def find_wanted(self, run: WorkflowExecutionDescription | None) -> Version | None:
        """Find the version that a worker must have to continue a run; None if it must have none."""
        return self._list_versions(run)[0]

    def _list_versions(self, run: WorkflowExecutionDescription | None) -> list[Version | None]:
        pinned = None if run is None else read_pinned_version(run)
        if pinned is not None:
            return [pinned]
        versions = [_read(self.routing.current_deployment_version)]
        if self.routing.ramping_version_percentage:
            versions.append(_read(self.routing.ramping_deployment_version))
        return versions


async def find_workers(
    client: Client,
    task_queue: str,
    kind: TaskQueueType.ValueType = TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
) -> QueueWorkers:
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
    return QueueWorkers(task_queue, described.pollers, described.versioning_info)


def read_version(worker: PollerInfo) -> Version | None:
    """Read which version a worker has."""
    options = worker.deployment_options
    if options.worker_versioning_mode != WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED:
        return None
    return Version(options.deployment_name, options.build_id)


def read_pinned_version(run: WorkflowExecutionDescription) -> Version | None:
    """Read to which version a run is pinned, by its definition or by an operator."""
    info = run.raw_description.workflow_execution_info.versioning_info
    if info.HasField("versioning_override"):
        return _read(info.versioning_override.pinned.version)
    if info.behavior != VersioningBehavior.VERSIONING_BEHAVIOR_PINNED:
        return None
    return _read(info.deployment_version)


def _read(version: WorkerDeploymentVersion) -> Version | None:
    return Version(version.deployment_name, version.build_id) if version.deployment_name else None
