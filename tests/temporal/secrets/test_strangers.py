"""Arguments with secrets are opened by nobody but a Stepfile worker, and for nobody but a Stepfile workflow."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from interpreter.temporal.secrets.store import SecretNotFound, SecretStore
from interpreter.temporal.wire.payloads import SECRETS
from interpreter.temporal.wire.secret_arguments import encode_secrets
from stepfile import SecretSettings, StepfilePlugin, create_worker, prepare, query_status, read_text, start
from tests.support.leaks import find_leaks
from tests.support.server_dump import dump_run
from tests.support.waiting import until

VALUE = "token-0123456"
SETTINGS = SecretSettings(provider=lambda _: VALUE)
SEALED = encode_secrets([""], [{"at": [0], "parts": [{"secret": "TOKEN"}]}])[0]

called: list[Any] = []


@pytest.fixture(autouse=True)
def _fresh() -> None:
    called.clear()


@activity.defn
async def take(token: str = "none", *more: str) -> str:
    called.append(token)
    return "done"


ABROAD = """
dsl: "1"
name: abroad
defaults: {timeouts: {start_to_close: 5s}, retry: {maximum_attempts: 2, initial_interval: 100ms}}
steps:
  - {activity: take, args: ["Bearer ${ secrets.TOKEN }"], task_queue: QUEUE}
"""


async def test_a_worker_that_is_none_of_ours_refuses_before_the_call(client: Client, task_queue: str) -> None:
    foreign = f"{task_queue}-foreign"
    text = ABROAD.replace("QUEUE", foreign)
    async with (
        Worker(client, task_queue=foreign, activities=[take]),
        create_worker(client, [], task_queue=task_queue, secrets=SETTINGS),
    ):
        handle = await start(
            client, prepare(read_text(text), None), workflow_id=task_queue, task_queue=task_queue
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        status = await query_status(handle)
    error = cast("ApplicationError", failed.value.cause)
    assert error.message.startswith(
        f'the worker on task queue "{foreign}" can\'t fill in the secrets of the arguments, and has not run the '
        "activity: it is none of Stepfile's"
    )
    assert status["steps"][0]["attempts"] == 2
    assert called == []


async def test_the_same_worker_with_the_plugin_opens_them(client: Client, task_queue: str) -> None:
    plugin = StepfilePlugin(secrets=SETTINGS)
    async with (
        Worker(client, task_queue=f"{task_queue}-own", activities=[take], plugins=[plugin]),
        create_worker(client, [], task_queue=task_queue),
    ):
        text = ABROAD.replace("QUEUE", f"{task_queue}-own")
        handle = await start(
            client, prepare(read_text(text), None), workflow_id=task_queue, task_queue=task_queue
        )
        await handle.result()
    assert called == [f"Bearer {VALUE}"]


@workflow.defn
class Stranger:
    """A workflow of somebody else, which calls an activity with a reference to a secret."""

    @workflow.run
    async def run(self, argument: Any) -> Any:
        return await workflow.execute_activity(
            "take",
            argument,
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


@workflow.defn
class Caller:
    """It makes the reference itself."""

    @workflow.run
    async def run(self, dynamic: bool) -> Any:
        return await workflow.execute_activity(
            "anything" if dynamic else "take",
            args=[SEALED],
            start_to_close_timeout=timedelta(seconds=5),
            retry_policy=RetryPolicy(maximum_attempts=1),
        )


@pytest.mark.parametrize("dynamic", [False, True])
async def test_the_workflow_of_somebody_else_gets_no_secrets(
    client: Client, task_queue: str, dynamic: bool
) -> None:
    async with create_worker(client, [take], workflows=[Caller], task_queue=task_queue, secrets=SETTINGS):
        with pytest.raises(WorkflowFailureError) as failed:
            await client.execute_workflow(Caller.run, dynamic, id=task_queue, task_queue=task_queue)
    cause = cast("ActivityError", failed.value.cause).cause
    assert isinstance(cause, ApplicationError)
    assert (cause.type, cause.message) == (
        "SecretRefused",
        "only a run of a definition may have secrets filled in",
    )
    assert called == []


async def test_no_input_of_a_workflow_is_opened(client: Client, task_queue: str) -> None:
    """Its workflow task fails, as with every encoding that nobody knows."""
    runner = UnsandboxedWorkflowRunner()
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=[Stranger],
        activities=[take],
        workflow_runner=runner,
        plugins=[StepfilePlugin(secrets=SETTINGS)],
    ):
        handle = await client.start_workflow("Stranger", SEALED, id=task_queue, task_queue=task_queue)

        async def has_failed() -> bool:
            return SECRETS.decode() in await dump_run(client, task_queue) and any(
                event.HasField("workflow_task_failed_event_attributes")
                for event in (await handle.fetch_history()).events
            )

        await until(has_failed, "the workflow task fails")
        await handle.terminate()
    assert called == []


WAITS = """
dsl: "1"
name: waits
input: {type: object, properties: {token: {type: string}}}
signals: {go: {}}
updates: {ask: {}}
defaults: {timeouts: {start_to_close: 5s}, retry: {maximum_attempts: 1}}
steps:
  - {id: waits, wait_for: {signal: go, timeout: 20s}}
  - {activity: take, args: ["${ steps.waits.result }"]}
  - {activity: take, args: ["${ input }"]}
"""


async def test_no_input_or_message_of_a_run_is_opened(client: Client, task_queue: str) -> None:
    async with create_worker(client, [take], task_queue=task_queue, secrets=SETTINGS):
        submission = prepare(read_text(WAITS), {"token": "${ secrets.TOKEN }"})
        handle = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        await handle.signal("go", SEALED)
        await handle.signal("go", "${ secrets.TOKEN }")
        await handle.result()
    assert called == ["${ secrets.TOKEN }", {"token": "${ secrets.TOKEN }"}]
    assert find_leaks(VALUE, await dump_run(client, task_queue)) == []


async def test_a_name_that_no_definition_could_have_leads_nowhere() -> None:
    """Somebody who can write payloads by hand could name any file."""
    asked: list[str] = []

    store = SecretStore(SecretSettings(provider=asked.append))
    for name in ("../etc/passwd", "", "a" * 65, "A\n"):
        with pytest.raises(SecretNotFound, match="no secret can have the name"):
            await store.look_up([name])
    assert asked == []
