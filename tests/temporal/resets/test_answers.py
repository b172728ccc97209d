"""What becomes of a run that was reset when it is not clear what was undone since, or not at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import CancelledError
from temporalio.service import RPCError
from temporalio.worker import Worker

from interpreter.temporal.wire.undone_sums import FIND_UNDONE
from interpreter.temporal.worker.activities import get_activity_name
from stepfile import StepfilePlugin, create_worker
from tests.support.resets import find_task, list_tasks, reset
from tests.support.waiting import until
from tests.temporal.resets.service import (
    HEAD,
    SAGA,
    Run,
    Service,
    begin,
    count_of_memo,
    expect_failure,
    fail_at_last,
    step,
)


class OlderPlugin(StepfilePlugin):
    """That of a release without the activity."""

    def _add_activities(self, own: Sequence[Callable[..., Any]] | None) -> list[Callable[..., Any]]:
        return [each for each in super()._add_activities(own) if get_activity_name(each) != FIND_UNDONE]


async def test_a_worker_without_the_activity_is_waited_out(
    client: Client, task_queue: str, service: Service
) -> None:
    older = Worker(client, task_queue=task_queue, activities=service.activities(), plugins=[OlderPlugin()])
    async with older:
        run = await fail_at_last(client, task_queue, service)
        again = await reset(client, run, await find_task(run, "b"))
        await until(partial(is_asking, again, attempt=2), "the question is tried again")
        assert service.calls[-1] == "undo a"
    async with create_worker(client, service.activities(), task_queue=task_queue):
        assert (await expect_failure(again)).type == "UndoneBeforeReset"


@pytest.mark.slow
async def test_the_record_of_the_base_run_is_gone(client: Client, task_queue: str, service: Service) -> None:
    async with create_worker(client, service.activities(), task_queue=task_queue):
        run = await begin(client, task_queue)
        await run.result()
        task = await find_task(run, "b")
    again = await reset(client, run, task)
    await delete(client, run)
    async with create_worker(client, service.activities(), task_queue=task_queue):
        error = await expect_failure(again)
    assert error.type == "UndoneBeforeReset"
    assert f"run {run.run_id} is no more, because its retention has ended" in error.message
    assert service.lasting == ["c", "last"]


async def test_more_was_undone_than_the_memo_holds(
    client: Client, task_queue: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interpreter.temporal.workflow.undone_memo.MAXIMUM_RECORDS", 1)
    async with create_worker(client, service.activities(), task_queue=task_queue):
        run = await fail_at_last(client, task_queue, service)
        again = await reset(client, run, (await list_tasks(run))[0])
        error = await expect_failure(again)
    assert "more steps than its memo holds" in error.message
    assert service.lasting == []


async def test_a_bug_ends_the_run_instead_of_blocking_it(
    client: Client, task_queue: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("interpreter.lifecycle.take_over_undone", break_down)
    async with create_worker(client, service.activities(), task_queue=task_queue):
        run = await begin(client, task_queue)
        await run.result()
        again = await reset(client, run, await find_task(run, "b"))
        error = await expect_failure(again)
    assert (error.type, error.message) == ("InterpreterError", "RuntimeError: a bug")


async def test_a_run_that_was_ended_before_it_had_asked(
    client: Client, task_queue: str, service: Service
) -> None:
    """The next run under the id learns all the same what was undone."""
    async with create_worker(client, service.activities(), task_queue=task_queue):
        run = await fail_at_last(client, task_queue, service)
        task = await find_task(run, "b")
    again = await reset(client, run, task)
    await again.terminate()
    assert await count_of_memo(again) == {}
    async with create_worker(client, service.activities(), task_queue=task_queue):
        await (await begin(client, task_queue)).result()
    assert service.lasting == ["a#2", "b#2", "c#2", "last"]


async def test_a_reset_of_a_run_that_was_ended_before_it_had_asked(
    client: Client, task_queue: str, service: Service
) -> None:
    async with create_worker(client, service.activities(), task_queue=task_queue):
        run = await fail_at_last(client, task_queue, service)
        tasks = await list_tasks(run)
    again = await reset(client, run, tasks[0])
    await again.terminate()
    third = await reset(client, run, tasks[0])
    async with create_worker(client, service.activities(), task_queue=task_queue):
        await third.result()
    assert service.lasting == ["a#2", "b#2", "c#2", "last"]


async def test_a_request_to_stop_while_it_asks(client: Client, task_queue: str, service: Service) -> None:
    """What it had done is undone, but not before it has an answer: the memo must tell of all."""
    text = SAGA.replace("  - {id: last", "  - {id: pause, wait: 1h}\n  - {id: last")
    async with create_worker(client, service.activities(), task_queue=task_queue):
        run = await begin(client, task_queue, text)
        await until(lambda: service.calls[-1:] == ["c"], "all is done but to wait")
        await run.cancel()
        with pytest.raises(WorkflowFailureError):
            await run.result()
        task = await find_task(run, "b")
    again = await reset(client, run, task)
    await again.cancel()
    async with create_worker(client, service.activities(), task_queue=task_queue):
        with pytest.raises(WorkflowFailureError) as ended:
            await again.result()
    assert isinstance(ended.value.cause, CancelledError)
    assert service.lasting == []
    assert await count_of_memo(again) == {"a": 1, "b": 1, "c": 1}


async def test_into_the_finally_of_a_run_that_had_completed(
    client: Client, task_queue: str, service: Service
) -> None:
    """It was decided already that the run completes. A run that was reset before has undone it all."""
    text = f"{SAGA}finally:\n  - {{id: tidy, activity: do, args: [tidy]}}\n"
    async with create_worker(client, service.activities(), task_queue=task_queue):
        run = await begin(client, task_queue, text)
        await run.result()
        service.fails = {"last"}
        second = await reset(client, run, await find_task(run, "c"))
        await expect_failure(second)
        assert service.lasting == ["last", "tidy"]
        service.fails = set()
        third = await reset(client, run, await find_task(run, "tidy"))
        assert (await expect_failure(third)).type == "UndoneBeforeReset"
        assert await count_of_memo(third) == {"a": 1, "b": 1, "c": 1}


async def test_a_run_that_its_retry_policy_has_begun_anew(
    client: Client, task_queue: str, service: Service
) -> None:
    text = f"""\
{HEAD}retry: {{initial_interval: 1s, maximum_attempts: 2}}
steps:
{step("a")}  - {{id: last, activity: do, args: [last]}}
"""
    async with create_worker(client, service.activities(), task_queue=task_queue):
        service.fails_once = {"last"}
        first = await begin(client, task_queue, text)
        await client.get_workflow_handle(task_queue).result()
        assert service.lasting == ["a#2", "last"]
        again = await reset(client, first, (await list_tasks(first))[0])
        await again.result()  # under the keys of the second attempt
    assert service.lasting == ["a#2", "last"]


async def is_asking(run: Run, attempt: int) -> bool:
    """Whether a run asks, and does so for the so-many-th time at least."""
    pending = (await run.describe()).raw_description.pending_activities
    return any(each.activity_type.name == FIND_UNDONE and each.attempt >= attempt for each in pending)


async def delete(client: Client, run: Run) -> None:
    """Delete the record of a run, as the server does when its retention has ended."""
    execution = WorkflowExecution(workflow_id=run.id, run_id=run.run_id or "")
    request = DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
    await client.workflow_service.delete_workflow_execution(request)

    async def is_gone() -> bool:
        try:
            return (await run.describe()).status is WorkflowExecutionStatus.RUNNING
        except RPCError:
            return True

    await until(is_gone, "the record is gone", within=90)  # a dev server takes half a minute for it
