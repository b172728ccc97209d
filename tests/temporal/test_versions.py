"""Workers with versions (Worker Deployments): which of them carries out a run, and that none blocks one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowHandle

from interpreter.temporal.client import start as starting
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.wire.request import StartRequest
from stepfile import Message, create_worker, prepare, read_text, start
from tests.support.deployments import Deployment
from tests.support.waiting import until

DEFINITION = """
dsl: "1"
name: order
versioning: {versioning}
signals: {{go: {{}}}}
defaults: {{timeouts: {{start_to_close: 10s}}}}
steps:
  - {{id: begin, activity: which}}
  - {{id: go, wait_for: {{signal: go}}}}
  - {{id: end, activity: which}}
output: "${{ [steps.begin.result, steps.end.result] }}"
"""


def _answer(build: str) -> Callable[..., Any]:
    @activity.defn(name="which")
    async def which() -> str:
        return build

    return which


@workflow.defn(name="of-the-user", sandboxed=False)
class OfTheUser:
    """A workflow of the user's own, which says nothing of versions."""

    @workflow.run
    async def run(self) -> str:
        """Answers at once."""
        return "done"


def _run_worker(deployment: Deployment, build: str) -> AbstractAsyncContextManager[None]:
    """Let a worker of a version run, once the server knows of it."""
    worker = create_worker(
        deployment.client,
        [_answer(build)],
        workflows=[OfTheUser],
        task_queue=deployment.name,
        deployment_name=deployment.name,
        build_id=build,
    )
    return deployment.running(worker, build)


async def _start(deployment: Deployment, versioning: str, name: str) -> WorkflowHandle[Any, Any]:
    submission = prepare(read_text(DEFINITION.format(versioning=versioning)))
    workflow_id = f"{deployment.name}-{name}"
    return await start(deployment.client, submission, workflow_id=workflow_id, task_queue=deployment.name)


async def _count_failed_tasks(handles: Iterable[WorkflowHandle[Any, Any]]) -> int:
    histories = [await handle.fetch_history() for handle in handles]
    return sum(
        each.HasField("workflow_task_failed_event_attributes")
        for history in histories
        for each in history.events
    )


async def _has_begun(handle: WorkflowHandle[Any, Any]) -> bool:
    history = await handle.fetch_history()
    return any(each.HasField("activity_task_completed_event_attributes") for each in history.events)


@pytest.mark.slow
async def test_a_ramp_from_one_build_to_the_next(server: DevServer, task_queue: str) -> None:
    """Runs that are pinned end where they began; the others end on the new build. No workflow task fails."""
    deployment = Deployment(await server.connect(), task_queue)
    async with _run_worker(deployment, "1"):
        await deployment.set_current("1")
        runs = {
            kind: [await _start(deployment, kind, f"{kind}-{number}") for number in range(50)]
            for kind in ("pinned", "auto_upgrade")
        }
        for handle in (*runs["pinned"], *runs["auto_upgrade"]):
            await until(lambda handle=handle: _has_begun(handle), "it has begun", within=60)  # type: ignore[misc]
        async with _run_worker(deployment, "2"):
            await deployment.ramp("2", 50)
            for handles in runs.values():
                for handle in handles[:25]:
                    await handle.signal("go")
            for handle in runs["pinned"][:25]:
                assert await handle.result() == ["1", "1"]
            ended_on = {(await handle.result())[1] for handle in runs["auto_upgrade"][:25]}
            assert ended_on <= {"1", "2"}
            await deployment.set_current("2")
            for handles in runs.values():
                for handle in handles[25:]:
                    await handle.signal("go")
            for handle in runs["pinned"][25:]:
                assert await handle.result() == ["1", "1"]
            for handle in runs["auto_upgrade"][25:]:
                assert await handle.result() == ["1", "2"]
    assert await _count_failed_tasks([*runs["pinned"], *runs["auto_upgrade"]]) == 0


@pytest.mark.slow
async def test_a_rolling_restart_of_workers_without_a_version(server: DevServer, task_queue: str) -> None:
    """The new worker is there before the old one drains: runs go on there, and no workflow task fails."""
    client = await server.connect()
    submission = prepare(read_text(DEFINITION.format(versioning="auto_upgrade")))
    async with AsyncExitStack() as stack:
        async with create_worker(client, [_answer("old")], task_queue=task_queue):
            runs = [await start(client, submission, task_queue=task_queue) for _ in range(100)]
            for handle in runs:
                await until(lambda handle=handle: _has_begun(handle), "it has begun", within=60)  # type: ignore[misc]
            newer = create_worker(await server.connect(), [_answer("new")], task_queue=task_queue)
            await stack.enter_async_context(newer)
            for handle in runs[:50]:
                await handle.signal("go")
        for handle in runs[50:]:
            await handle.signal("go")
        results = [await handle.result() for handle in runs]
    assert {begun for begun, _ in results} == {"old"}
    assert {ended for _, ended in results[50:]} == {"new"}
    assert await _count_failed_tasks(runs) == 0


@pytest.fixture
def in_many_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs continue as new wherever they can."""
    monkeypatch.setattr(starting, "StartRequest", partial(StartRequest, continue_as_new_after=1))


@pytest.mark.usefixtures("in_many_runs")
async def test_a_pinned_run_takes_the_current_version_when_it_continues_as_new(
    server: DevServer, task_queue: str
) -> None:
    deployment = Deployment(await server.connect(), task_queue)
    async with _run_worker(deployment, "1"), _run_worker(deployment, "2"):
        await deployment.set_current("1")
        handle = await _start(deployment, "pinned", "long")
        latest = deployment.client.get_workflow_handle(handle.id)

        async def waits() -> bool:
            shown: dict[str, Any] = await latest.query("status")
            return any(each["step"] == "go" and each["state"] == "running" for each in shown["steps"])

        await until(waits, "it waits for the signal", within=60)
        await deployment.set_current("2")
        await latest.signal("go")
        assert await handle.result() == ["1", "2"]


@pytest.mark.usefixtures("in_many_runs")
async def test_pinned_runs_on_workers_without_a_version(server: DevServer, task_queue: str) -> None:
    """A versioning behaviour on such a worker would block them for ever."""
    client = await server.connect()
    async with create_worker(client, [_answer("none")], task_queue=task_queue):
        submission = prepare(read_text(DEFINITION.format(versioning="pinned")))
        handle = await start(client, submission, task_queue=task_queue, signal=Message("go", None))
        assert await handle.result() == ["none", "none"]


async def test_a_workflow_of_the_users_own_beside_it(server: DevServer, task_queue: str) -> None:
    deployment = Deployment(await server.connect(), task_queue)
    async with _run_worker(deployment, "1"):
        await deployment.set_current("1")
        ended = await deployment.client.execute_workflow(
            "of-the-user", id=f"{task_queue}-own", task_queue=task_queue
        )
        assert ended == "done"
