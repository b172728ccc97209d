"""The version of a worker, for Temporal's Worker Deployments."""

from __future__ import annotations

from typing import Any

from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import (
    Interceptor,
    WorkerDeploymentConfig,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from interpreter.temporal.wire.versioned import mark_versioned

LONGEST = 480
"""Bytes of the name of a deployment, and of a build id, that a server takes unless it is configured otherwise."""


def choose_deployment(name: str | None, build_id: str | None) -> WorkerDeploymentConfig | None:
    """Make the deployment options of a worker.

    Workflows that say nothing of their own are upgraded: definitions that are not pinned, what runs share, and
    workflows of the user's, for which temporalio otherwise refuses to make the worker.

    Args:
        name: The name of the deployment, which all versions of a worker have in common; None: it has no version.
        build_id: Which version it is.

    Raises:
        ValueError: there is a deployment without a build id, or Temporal takes no such name or id.
    """
    if name is None:
        return None
    if build_id is None:
        raise ValueError("a worker of a deployment must have a build_id: it says which version the worker is")
    check_deployment_name(name)
    check_build_id(build_id)
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=name, build_id=build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


def check_deployment_name(name: str) -> None:
    """Check what a deployment is to be called. The server refuses the polls of a worker with a wrong name in silence.

    Raises:
        ValueError: Temporal takes no such name.
    """
    if not name or "." in name or ":" in name or name.startswith("__"):
        raise ValueError(
            f'"{name}" can\'t be the name of a deployment: it may not be empty, have "." or ":" in it, '
            'or begin with "__"'
        )
    _check_length("the name of a deployment", name)


def check_build_id(build_id: str) -> None:
    """Check what a version is to be called.

    Raises:
        ValueError: Temporal takes no such id.
    """
    if not build_id or build_id.startswith("__"):
        raise ValueError(f'"{build_id}" can\'t be a build id: it may not be empty, or begin with "__"')
    _check_length("a build id", build_id)


def _check_length(what: str, text: str) -> None:
    if (size := len(text.encode(errors="replace"))) > LONGEST:
        raise ValueError(f"{what} has at most {LONGEST} bytes; this one has {size:,}")


def is_versioned_worker(config: Any) -> bool:
    """Tell whether the options of a worker make it a version of a deployment.

    Args:
        config: temporalio's `WorkerConfig`.
    """
    deployment: WorkerDeploymentConfig | None = config.get("deployment_config")
    return deployment is not None and deployment.use_worker_versioning


class VersionedRuns(Interceptor):
    """Lets the runs of a worker know that it has a version."""

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor] | None:
        """Leave the mark; temporalio asks this once for each worker."""
        mark_versioned(input)
        return None
