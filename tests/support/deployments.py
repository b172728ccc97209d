"""The versions of a worker (Worker Deployments), as an operator looks at them and routes runs to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.common import VersioningBehavior
from temporalio.service import RPCError
from temporalio.worker import Worker

from tests.support.waiting import until


class Deployment:
    """The versions of one worker."""

    def __init__(self, client: Client, name: str) -> None:
        self.client = client
        self.name = name

    @asynccontextmanager
    async def running(self, worker: Worker, build: str) -> AsyncIterator[None]:
        """Let a worker of a version run; the block begins once the server knows of the version."""
        async with worker:
            await self.wait_for_version(build)
            yield

    async def wait_for_version(self, build: str) -> None:
        """Wait until the server knows of a version."""
        await until(lambda: self._is_known(build), f"version {build} is known", within=60)

    async def set_current(self, build: str) -> None:
        """Let new runs, and those that are upgraded, go to a version."""
        await self.client.workflow_service.set_worker_deployment_current_version(
            SetWorkerDeploymentCurrentVersionRequest(
                namespace=self.client.namespace,
                deployment_name=self.name,
                build_id=build,
                ignore_missing_task_queues=True,
            )
        )

    async def ramp(self, build: str, percentage: float) -> None:
        """Let a part of them go to a version."""
        await self.client.workflow_service.set_worker_deployment_ramping_version(
            SetWorkerDeploymentRampingVersionRequest(
                namespace=self.client.namespace,
                deployment_name=self.name,
                build_id=build,
                percentage=percentage,
                ignore_missing_task_queues=True,
            )
        )

    async def _is_known(self, build: str) -> bool:
        request = DescribeWorkerDeploymentRequest(namespace=self.client.namespace, deployment_name=self.name)
        try:
            answer = await self.client.workflow_service.describe_worker_deployment(request)
        except RPCError:
            return False
        wanted = WorkerDeploymentVersion(deployment_name=self.name, build_id=build)
        return any(
            each.deployment_version == wanted for each in answer.worker_deployment_info.version_summaries
        )


async def read_versioning_behavior(client: Client, workflow_id: str) -> VersioningBehavior:
    """Wait until a workflow has said what becomes of it when the version changes, and return that."""
    said: list[VersioningBehavior] = []

    async def has_said() -> bool:
        described = await client.get_workflow_handle(workflow_id).describe()
        found = described.raw_description.workflow_execution_info.versioning_info.behavior
        said.append(VersioningBehavior(found))
        return said[-1] is not VersioningBehavior.UNSPECIFIED

    await until(has_said, f"{workflow_id} has a versioning behaviour")
    return said[-1]
