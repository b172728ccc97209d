"""A run that waits for a worker with another version than there is: what is said of it, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import activity
from temporalio.api.enums.v1 import WorkerVersioningMode
from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.client import Client

from interpreter.temporal.client.queue_workers import QueueWorkers
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.client.silence import describe_missing_workers
from stepfile import create_worker, prepare, read_text, start
from tests.support.deployments import Deployment, read_versioning_behavior
from tests.support.waiting import until
from tests.temporal.runs.test_stuck import list_reasons, until_stuck

DEFINITION = """
dsl: "1"
name: waits
versioning: pinned
signals: {go: {}}
steps: [{wait_for: {signal: go}}]
"""

UNCURRENT = (
    'no worker on task queue "stepfile" takes the run: no version of the deployment "shop" is the current one; '
    "`temporal worker deployment set-current-version --deployment-name shop --build-id 1` makes this one current"
)
ENDED = 'no worker answers on task queue "stepfile": start one with `stepfile worker`; the last one, worker of None, '


def _activities() -> list[Callable[..., Any]]:
    @activity.defn
    async def unused() -> None: ...

    return [unused]


def _run_worker(deployment: Deployment, build: str) -> Any:
    name = deployment.name
    worker = create_worker(
        deployment.client, _activities(), task_queue=name, deployment_name=name, build_id=build
    )
    return deployment.running(worker, build)


async def _until_explained(client: Client, workflow_id: str, expected: str | None) -> None:
    """Wait until it is said why a run does not answer: the server learns of workers by their polls."""
    run = RunHandle.find(client, workflow_id)

    async def is_explained() -> bool:
        said = (await run.take_snapshot()).silence
        return said is None if expected is None else said is not None and said.startswith(expected)

    await until(is_explained, f"it is said: {expected}", within=90)


def _build_poller(seconds_ago: int, build: str | None) -> PollerInfo:
    poller = PollerInfo(identity=f"worker of {build}")
    poller.last_access_time.FromDatetime(datetime.now(UTC) - timedelta(seconds=seconds_ago))
    if build is not None:
        poller.deployment_options.deployment_name, poller.deployment_options.build_id = "shop", build
        versioned = WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
        poller.deployment_options.worker_versioning_mode = versioned
    return poller


@pytest.mark.parametrize(
    ("polls", "expected"),
    [
        ([(87, None), (2, "1")], UNCURRENT),
        ([(290, None), (200, "2"), (59, "1")], UNCURRENT),
        ([(100, "1")], UNCURRENT),
        ([(30, None), (2, "1")], ENDED),
        ([(87, None), (88, "1")], ENDED),
        ([(87, None)], ENDED),
    ],
)
def test_who_has_ended_does_not_hide_that_no_version_is_current(
    polls: list[tuple[int, str | None]], expected: str
) -> None:
    """The server remembers a worker for five minutes after its last poll."""
    said = describe_missing_workers(QueueWorkers("stepfile", [_build_poller(*poll) for poll in polls]))
    assert said.startswith(expected)


@pytest.mark.slow
async def test_no_version_is_the_current_one(client: Client, task_queue: str) -> None:
    """Nobody has made it current: the worker is well, and takes nothing."""
    deployment, definition = Deployment(client, task_queue), f"waits-{task_queue[-8:]}"
    submission = prepare(read_text(DEFINITION.replace("name: waits", f"name: {definition}")))
    async with _run_worker(deployment, "1"):
        run = await start(client, submission, task_queue=task_queue)
        await _until_explained(
            client,
            run.id,
            f'no worker on task queue "{task_queue}" takes the run: no version of the deployment "{task_queue}" is '
            f"the current one; `temporal worker deployment set-current-version --deployment-name {task_queue} "
            "--build-id 1` makes this one current",
        )
        reason = f'no worker with the version that it needs takes it from the task queue "{task_queue}"'
        await until_stuck(client, definition, reason)
        await deployment.set_current("1")
        await _until_explained(client, run.id, None)
        assert await list_reasons(client, definition) == []
        await run.terminate()


@pytest.mark.slow
async def test_the_last_worker_of_a_pinned_run_is_gone(client: Client, task_queue: str) -> None:
    deployment = Deployment(client, task_queue)
    async with _run_worker(deployment, "2"):
        async with _run_worker(deployment, "1"):
            await deployment.set_current("1")
            run = await start(client, prepare(read_text(DEFINITION)), task_queue=task_queue)
            await read_versioning_behavior(client, run.id)
            await deployment.set_current("2")
        await _until_explained(
            client,
            run.id,
            f'no worker answers on task queue "{task_queue}" with version 1 of the deployment "{task_queue}": start '
            f"one with `stepfile worker --task-queue {task_queue} --deployment-name {task_queue} --build-id 1`",
        )
        await run.terminate()
