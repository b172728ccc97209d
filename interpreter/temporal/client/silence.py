"""Why a run does not answer: nobody is there to continue it, it is not time yet, or the workers can't continue it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from shlex import quote

from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.client import WorkflowExecutionDescription

from interpreter.temporal.client.queue_workers import QueueWorkers, Version, read_version
from interpreter.temporal.wire.names import DEFAULT_TASK_QUEUE

ANSWER_TIMEOUT = 5.0
"""Seconds that a worker may take to answer. Measured: the SDK tries again beyond its own `rpc_timeout`."""


def describe_missing_workers(workers: QueueWorkers, run: WorkflowExecutionDescription | None = None) -> str:
    """Say that no worker answers.

    Args:
        workers: Those of the task queue that have asked for work in the last minutes, and still do not answer.
        run: What the server knows of the run; None if it begins.
    """
    takers, wanted = workers.find_takers(run), workers.find_wanted(run)
    where = f'task queue "{workers.task_queue}"'
    living = workers.select_living()
    if living.pollers and not living.find_takers(run) and wanted is None:
        return f"no worker on {where} takes the run: {_describe_uncurrent(living)}"
    said = f"no worker answers on {where}{_describe_version(wanted)}: start one with "
    said += f"`stepfile worker{_build_options(workers.task_queue, wanted)}`"
    if not takers:
        return said
    last = _find_last(takers)
    gone = (datetime.now(UTC) - last.last_access_time.ToDatetime(UTC)) // timedelta(seconds=1)
    return f"{said}; the last one, {last.identity}, asked for work {max(gone, 0)} s ago and may have ended"


def _describe_uncurrent(workers: QueueWorkers) -> str:
    """Say how a version becomes the current one, on a task queue that has only workers with other versions."""
    version = read_version(_find_last(workers.pollers))
    assert version is not None, "a worker without a version takes runs where no version is the current one"
    options = _build_version_options(version)
    return (
        f'no version of the deployment "{version.deployment}" is the current one; '
        f"`temporal worker deployment set-current-version{options}` makes this one current"
    )


def _describe_version(version: Version | None) -> str:
    if version is None:
        return ""
    return f' with version {version.build_id} of the deployment "{version.deployment}"'


def _build_options(task_queue: str, version: Version | None) -> str:
    queue = "" if task_queue == DEFAULT_TASK_QUEUE else f" --task-queue {task_queue}"
    return queue + ("" if version is None else _build_version_options(version))


def _build_version_options(version: Version) -> str:
    return f" --deployment-name {quote(version.deployment)} --build-id {quote(version.build_id)}"


def _find_last(workers: Sequence[PollerInfo]) -> PollerInfo:
    return max(workers, key=lambda each: each.last_access_time.ToNanoseconds())


def explain_silence(info: WorkflowExecutionDescription, workers: QueueWorkers) -> str:
    """Say what keeps a run from answering.

    Args:
        info: What the server knows of the run.
        workers: Those of its task queue, which do not answer.
    """
    attempt = info.raw_description.pending_workflow_task.attempt
    if attempt > 1:
        return f"the workers fail to continue the run (attempt {attempt}); their logs say why"
    if info.execution_time is not None and info.execution_time > datetime.now(UTC):
        return f"the run begins at {info.execution_time:%Y-%m-%d %H:%M:%S} UTC"
    return describe_missing_workers(workers, info)
