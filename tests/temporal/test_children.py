"""Child workflows on a real server: how they are started, and all the ways in which they end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.api.enums.v1 import ParentClosePolicy as ClosePolicy
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.service import RPCError
from temporalio.worker import Worker

from dsl.reading.reader import read_text
from interpreter.temporal.workflow.workflow import StepfileWorkflow
from stepfile import create_worker, prepare, query_status, start
from tests.support.history import events_of
from tests.support.script import Script
from tests.support.temporal_activities import build_scripted_activities
from tests.support.waiting import until

Run = WorkflowHandle[Any, Any]

TEXT = """\
dsl: "1"
name: parent
definitions:
  inner:
    version: "3"
    timeouts: {run: 1h, task: 20s}
    retry: {maximum_attempts: 5, initial_interval: 7s}
    defaults: {timeouts: {start_to_close: 10s, heartbeat: 1s}, retry: {maximum_attempts: 1}}
    steps:
      - id: work
        activity: work
        compensate: {activity: unwork}
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
steps:
  - id: child
    child_workflow: CHILD
    compensate: {activity: undo}
    EXTRA
"""


def parent(child: str = "inner", extra: str = "summary: The inner one") -> str:
    return TEXT.replace("CHILD", child).replace("EXTRA", extra)


def scripted(**behaviours: list[dict[str, Any]]) -> Script:
    return Script({"work": [{}], "unwork": [{}], "undo": [{}], **behaviours})


async def started(client: Client, task_queue: str, text: str) -> Run:
    submission = prepare(read_text(text, "test.yaml"), None)
    return await start(client, submission, workflow_id=task_queue, task_queue=task_queue)


def worker(client: Client, script: Script, task_queue: str, workflows: Sequence[type] = ()) -> Worker:
    functions = build_scripted_activities(script)
    return create_worker(client, functions, workflows=workflows, task_queue=task_queue)


async def failure_of(run: Run) -> dict[str, Any]:
    with pytest.raises(WorkflowFailureError) as error:
        await run.result()
    assert isinstance(error.value.cause, ApplicationError)
    shown: dict[str, Any] = error.value.cause.details[0]
    return shown


async def test_how_a_definition_is_started(client: Client, task_queue: str) -> None:
    extra = """timeouts: {run: 2m, execution: 3m, deadline: 1m}
    retry: {maximum_attempts: 2}
    summary: The inner one"""
    text = parent("{definition: inner, parent_close_policy: abandon}", extra)
    async with worker(client, scripted(), task_queue):
        run = await started(client, task_queue, text)
        await run.result()
        child = client.get_workflow_handle(f"{task_queue}/child")
        told, about = await query_status(child), await child.describe()
        whole = await query_status(run)
    kind = EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED
    [event] = [event for event in await events_of(run) if event.event_type == kind]
    how = event.start_child_workflow_execution_initiated_event_attributes
    assert how.workflow_type.name == "stepfile:inner"
    assert how.workflow_run_timeout.ToTimedelta() == timedelta(minutes=2)
    assert how.workflow_execution_timeout.ToTimedelta() == timedelta(minutes=3)
    assert how.workflow_task_timeout.ToTimedelta() == timedelta(seconds=20)
    assert how.retry_policy.maximum_attempts == 2
    assert how.retry_policy.initial_interval.ToTimedelta() == timedelta(seconds=7)
    assert how.parent_close_policy == ClosePolicy.PARENT_CLOSE_POLICY_ABANDON
    assert about.task_queue == task_queue
    assert await about.memo() == {**(await (await run.describe()).memo()), "name": "inner", "version": "3"}
    assert await about.static_summary() == "The inner one"
    assert told["definition"]["name"] == "inner"
    assert told["definition"]["digest"] == whole["definition"]["digest"]
    assert told["steps"][0]["line"] == 10
    [step] = whole["steps"]
    assert (step["kind"], step["child"]) == ("child_workflow", {"workflow_id": f"{task_queue}/child"})


async def test_without_words_of_its_own_it_runs_once(client: Client, task_queue: str) -> None:
    text = parent().replace("    retry: {maximum_attempts: 5, initial_interval: 7s}\n", "")
    script = scripted(work=[{"fail": {"type": "Busy"}}])
    async with worker(client, script, task_queue):
        details = await failure_of(await started(client, task_queue, text))
    assert script.calls == ["work"]
    assert details["error"]["type"] == "ChildWorkflowFailed"
    assert details["error"]["retry_state"] in ("RETRY_POLICY_NOT_SET", "NON_RETRYABLE_FAILURE")
    assert not details["definite"]


async def test_one_that_is_terminated_has_undone_nothing(client: Client, task_queue: str) -> None:
    script = scripted(work=[{"takes": "20s"}])
    async with worker(client, script, task_queue):
        run = await started(client, task_queue, parent())
        await until(lambda: script.calls == ["work"], "the child works")
        await client.get_workflow_handle(f"{task_queue}/child").terminate("enough")
        details = await failure_of(run)
    assert details["error"]["message"] == 'child workflow "inner" was terminated'
    assert details["error"]["cause"]["type"] == "Terminated"
    assert details["definite"]
    assert script.calls == ["work", "undo"]


async def test_one_that_the_server_has_timed_out_has_undone_nothing(client: Client, task_queue: str) -> None:
    script = scripted(work=[{"takes": "20s"}])
    extra = "timeouts: {execution: 1s}"
    async with worker(client, script, task_queue):
        details = await failure_of(await started(client, task_queue, parent(extra=extra)))
    assert details["error"]["message"] == 'child workflow "inner" timed out'
    assert details["error"]["cause"]["timeout_type"] == "StartToClose"
    assert script.calls == ["work", "undo"]


async def test_one_that_somebody_else_has_cancelled_has_undone_itself(
    client: Client, task_queue: str
) -> None:
    script = scripted(work=[{"takes": "20s"}])
    async with worker(client, script, task_queue):
        run = await started(client, task_queue, parent())
        await until(lambda: script.calls == ["work"], "the child works")
        await client.get_workflow_handle(f"{task_queue}/child").cancel()
        details = await failure_of(run)
    assert details["error"]["message"] == 'child workflow "inner" was cancelled'
    assert details["error"]["cause"]["type"] == "Cancelled"
    assert script.calls == ["work", "unwork"]


async def test_one_that_undoes_nothing_if_it_is_cancelled_is_undone_by_its_step(
    client: Client, task_queue: str
) -> None:
    text = parent().replace('version: "3"', "saga: {on_cancel: ignore}")
    script = scripted(work=[{"takes": "20s"}])
    async with worker(client, script, task_queue):
        run = await started(client, task_queue, text)
        await until(lambda: script.calls == ["work"], "the child works")
        await client.get_workflow_handle(f"{task_queue}/child").cancel()
        details = await failure_of(run)
    assert details["error"]["message"] == 'child workflow "inner" was cancelled'
    assert script.calls == ["work", "undo"]


async def test_an_id_that_is_taken(client: Client, task_queue: str) -> None:
    script = scripted(work=[{"takes": "20s"}])
    async with worker(client, script, task_queue):
        first = await started(
            client, task_queue, parent('{definition: inner, workflow_id: "${ run.workflow_id }"}')
        )
        details = await failure_of(first)
    assert details["error"]["type"] == "ChildWorkflowAlreadyStarted"
    assert details["error"]["message"] == (
        f'child workflow "inner" was not started: a workflow with the id "{task_queue}" is already running'
    )
    assert script.calls == []


async def test_an_input_that_is_too_large(client: Client, task_queue: str) -> None:
    big = ", ".join(["vars.big"] * 9)
    text = parent(extra=f'input: "${{ [{big}] }}"') + f"vars: {{big: {'€' * 100_000}}}\n"
    script = scripted()
    async with worker(client, script, task_queue):
        details = await failure_of(await started(client, task_queue, text))
    assert details["error"]["type"] == "TooLarge"
    assert details["error"]["message"].startswith("the input of the child workflow can't be sent: ")
    assert script.calls == []


@workflow.defn(sandboxed=False)
class Careless:
    """It lets the error of its activity through, and knows no retries."""

    @workflow.run
    async def run(self) -> Any:
        return await workflow.execute_activity(
            "work", start_to_close_timeout=timedelta(seconds=5), retry_policy=RetryPolicy(maximum_attempts=1)
        )


@workflow.defn(sandboxed=False)
class Bytes:
    """It returns what is not JSON."""

    @workflow.run
    async def run(self) -> bytes:
        return b"\xff"


async def test_a_registered_type_that_fails_with_the_error_of_its_activity(
    client: Client, task_queue: str
) -> None:
    script = scripted(work=[{"fail": {"type": "Busy", "message": "no line", "details": {"a": 1}}}])
    async with worker(client, script, task_queue, [Careless]):
        details = await failure_of(await started(client, task_queue, parent("{type: Careless}")))
    assert details["error"]["message"] == 'child workflow "Careless" failed: no line'
    cause = details["error"]["cause"]
    assert (cause["type"], cause["details"], cause["cause"]) == ("Busy", {"a": 1}, None)
    assert cause["retry_state"] == "MAXIMUM_ATTEMPTS_REACHED"
    assert not details["definite"]


async def test_a_registered_type_that_returns_no_json(client: Client, task_queue: str) -> None:
    script = scripted()
    async with worker(client, script, task_queue, [Bytes]):
        details = await failure_of(await started(client, task_queue, parent("{type: Bytes}")))
    assert (
        details["error"]["message"]
        == "the result of the child workflow can't be used: binary/plain is not JSON"
    )
    assert script.calls == ["undo"]


async def test_one_that_ends_together_with_a_cancel_has_completed(client: Client, task_queue: str) -> None:
    """No worker takes the parent's workflow tasks meanwhile; so both come in one."""
    text = parent(f"{{definition: inner, task_queue: {task_queue}-child}}")
    script = scripted()
    run = await started(client, task_queue, text)
    async with Worker(client, task_queue=task_queue, workflows=[StepfileWorkflow], max_cached_workflows=0):
        await until(lambda: has(run, EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED), "the child runs")
    async with worker(client, script, f"{task_queue}-child"):
        await until(lambda: has(run, EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_COMPLETED), "and ends")
    await run.cancel()
    async with worker(client, script, task_queue):
        with pytest.raises(WorkflowFailureError) as error:
            await run.result()
        told = await query_status(run)
    assert isinstance(error.value.cause, CancelledError)
    assert script.calls == ["work", "undo"]
    assert told["steps"][0]["state"] == "completed"


@pytest.mark.slow
async def test_a_cancel_while_it_is_being_started_reaches_it(client: Client, task_queue: str) -> None:
    """The child's start and the cancel come in one workflow task: nobody takes the parent's meanwhile."""
    script = scripted()
    run = await started(client, task_queue, parent(f"{{definition: inner, task_queue: {task_queue}-child}}"))
    async with Worker(client, task_queue=task_queue, workflows=[StepfileWorkflow], max_cached_workflows=0):
        initiated = EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED
        await until(lambda: has(run, initiated), "the child is asked for")
    await run.cancel()
    async with worker(client, script, task_queue):
        requested = EventType.EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED
        await until(lambda: has(run, requested), "the child is asked to stop")
        async with worker(client, script, f"{task_queue}-child"):
            with pytest.raises(WorkflowFailureError) as error:
                await run.result()
    assert isinstance(error.value.cause, CancelledError)
    assert EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED in [
        e.event_type for e in await events_of(run)
    ]
    assert script.calls == []


async def has(run: Run, kind: EventType.ValueType) -> bool:
    try:
        return any(event.event_type == kind for event in await events_of(run))
    except RPCError:
        return False
