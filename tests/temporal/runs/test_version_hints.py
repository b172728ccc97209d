"""A run that waits for a worker with another version than there is: what is said of it, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client

from interpreter.temporal.client.run_handle import RunHandle
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
