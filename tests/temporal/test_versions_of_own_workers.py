"""Workers of the user's own with versions: what the plugin says, and what it leaves to options of temporalio."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHandle
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker, WorkerDeploymentConfig

from stepfile import (
    LetterFilter,
    LetterHandle,
    StepfilePlugin,
    create_worker,
    list_letters,
    prepare,
    read_text,
    start,
)
from tests.support.deployments import Deployment, read_versioning_behavior
from tests.support.waiting import until

DEFINITION = """
dsl: "1"
name: order
versioning: {versioning}
signals: {{go: {{}}}}
dead_letter_queues: {{unpaid: {{}}}}
defaults: {{timeouts: {{start_to_close: 10s}}, retry: {{maximum_attempts: 1}}}}
steps:
  - {{id: pay, activity: pay, dead_letter: {{queue: unpaid, then: continue}}}}
  - {{id: go, wait_for: {{signal: go}}}}
  - {{id: end, activity: which}}
output: ${{ steps.end.result }}
"""


@workflow.defn
class OfTheUser:
    """A workflow of the user's own, which says nothing of versions."""

    @workflow.run
    async def run(self) -> None:
        """Goes on until it is cancelled."""
        await workflow.wait_condition(lambda: False)


@workflow.defn(versioning_behavior=VersioningBehavior.PINNED)
class Pinned:
    """A workflow of the user's own, which says that it stays with its version."""

    @workflow.run
    async def run(self) -> None:
        """Goes on until it is cancelled."""
        await workflow.wait_condition(lambda: False)


def _activities(build: str) -> list[Callable[..., Any]]:
    @activity.defn
    async def pay() -> None:
        if build == "1":
            raise ApplicationError("the bank does not answer", type="BankDown")

    @activity.defn
    async def which() -> str:
        return build

    return [pay, which]


def _make_worker(
    client: Client,
    name: str,
    build: str,
    default: VersioningBehavior,
    *workflows: type,
) -> Worker:
    return Worker(
        client,
        task_queue=name,
        workflows=workflows,
        activities=_activities(build),
        deployment_config=WorkerDeploymentConfig(
            version=WorkerDeploymentVersion(deployment_name=name, build_id=build),
            use_worker_versioning=True,
            default_versioning_behavior=default,
        ),
        plugins=[StepfilePlugin()],
    )


async def _start(client: Client, name: str, versioning: str) -> WorkflowHandle[Any, Any]:
    submission = prepare(read_text(DEFINITION.format(versioning=versioning)))
    return await start(client, submission, workflow_id=f"{name}-{versioning}", task_queue=name)


async def _find_letter(client: Client, run: WorkflowHandle[Any, Any]) -> str:
    """Wait for the letter of a run, and return its id."""
    found: list[str] = []

    async def is_there() -> bool:
        letters = await list_letters(client, LetterFilter(queue="unpaid"))
        found.extend(each.id for each in letters if run.id in each.id)
        return bool(found)

    await until(is_there, "there is a letter")
    return found[0]


async def test_the_default_of_a_worker_is_for_workflows_of_the_users_own(
    client: Client, task_queue: str
) -> None:
    """Definitions and letters do not follow it: a letter would need its old worker for as long as it is kept."""
    deployment, pinned = Deployment(client, task_queue), VersioningBehavior.PINNED
    old, new = (_make_worker(client, task_queue, build, pinned, OfTheUser) for build in "12")
    async with deployment.running(new, "2"):
        async with deployment.running(old, "1"):
            await deployment.set_current("1")
            run = await _start(client, task_queue, "auto_upgrade")
            letter = await _find_letter(client, run)
            own = await client.start_workflow("OfTheUser", id=f"{task_queue}-own", task_queue=task_queue)
            assert await read_versioning_behavior(client, run.id) is VersioningBehavior.AUTO_UPGRADE
            assert await read_versioning_behavior(client, letter) is VersioningBehavior.AUTO_UPGRADE
            assert await read_versioning_behavior(client, own.id) is VersioningBehavior.PINNED
            await deployment.set_current("2")
        await run.signal("go")
        assert await run.result() == "2"
        await LetterHandle(client, letter).redrive()
        await own.terminate()


async def test_a_letter_of_a_pinned_run_does_not_need_its_version(client: Client, task_queue: str) -> None:
    deployment, pinned = Deployment(client, task_queue), VersioningBehavior.PINNED
    old, new = (_make_worker(client, task_queue, build, pinned) for build in "12")
    async with deployment.running(new, "2"):
        async with deployment.running(old, "1"):
            await deployment.set_current("1")
            run = await _start(client, task_queue, "pinned")
            await run.signal("go")
            assert await run.result() == "1"
            letter = await _find_letter(client, run)
            assert await read_versioning_behavior(client, letter) is VersioningBehavior.AUTO_UPGRADE
            await deployment.set_current("2")
        await LetterHandle(client, letter).redrive()


async def test_a_worker_without_a_default_runs_definitions(client: Client, task_queue: str) -> None:
    """Stepfile needs no default. Workflows of the user's own that say nothing are refused by temporalio."""
    deployment, none = Deployment(client, task_queue), VersioningBehavior.UNSPECIFIED
    with pytest.raises(ValueError, match="OfTheUser must specify a versioning behavior"):
        _make_worker(client, task_queue, "1", none, OfTheUser)
    worker = _make_worker(client, task_queue, "2", none, Pinned)
    async with deployment.running(worker, "2"):
        await deployment.set_current("2")
        run = await _start(client, task_queue, "auto_upgrade")
        await run.signal("go")
        assert await run.result() == "2"


@pytest.mark.parametrize(
    ("name", "build", "wrong"),
    [
        ("my.shop", "1", '"my.shop" can\'t be the name'),
        ("my:shop", "1", '"my:shop" can\'t be the name'),
        ("__shop", "1", '"__shop" can\'t be the name'),
        ("", "1", '"" can\'t be the name'),
        ("shop", "", '"" can\'t be a build id'),
        ("shop", "__1", '"__1" can\'t be a build id'),
    ],
)
async def test_names_that_temporal_does_not_take(client: Client, name: str, build: str, wrong: str) -> None:
    """The server refuses the polls of such a worker, and nobody would hear of it."""
    with pytest.raises(ValueError, match=wrong):
        create_worker(client, _activities("1"), deployment_name=name, build_id=build)
