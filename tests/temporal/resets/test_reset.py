"""A run that was reset keeps what lasts, and never takes for done what was undone since."""

from __future__ import annotations

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from stepfile import create_worker
from tests.support.resets import find_task, list_tasks, reset
from tests.temporal.resets.service import Run, Service, begin


@pytest.fixture
def service() -> Service:
    return Service()


async def fail(run: Run) -> ApplicationError:
    with pytest.raises(WorkflowFailureError) as failed:
        await run.result()
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause


async def test_to_the_first_task_all_is_done_anew(client: Client, task_queue: str, service: Service) -> None:
    async with create_worker(client, service.activities(), task_queue=task_queue):
        service.fails = {"last"}
        run = await begin(client, task_queue)
        await fail(run)
        assert service.lasting == []
        service.fails = set()
        again = await reset(client, run, (await list_tasks(run))[0])
        await again.result()
    assert service.lasting == ["a#2", "b#2", "c#2", "last"]


async def test_to_a_point_behind_what_was_undone(client: Client, task_queue: str, service: Service) -> None:
    async with create_worker(client, service.activities(), task_queue=task_queue):
        service.fails = {"last"}
        run = await begin(client, task_queue)
        await fail(run)
        service.fails = set()
        again = await reset(client, run, await find_task(run, "b"))
        error = await fail(again)
    assert error.type == "UndoneBeforeReset"
    assert f'"stepfile resume {task_queue}"' in error.message
    assert f'"stepfile retry {task_queue}"' in error.message
    assert service.lasting == []


async def test_what_was_not_undone_is_kept(client: Client, task_queue: str, service: Service) -> None:
    async with create_worker(client, service.activities(), task_queue=task_queue):
        run = await begin(client, task_queue)
        await run.result()
        again = await reset(client, run, await find_task(run, "b"))
        await again.result()
    assert service.calls == ["a", "b", "c", "last", "c", "last"]
    assert service.lasting == ["a", "b", "c", "last"]
