"""Options of a start, and messages that come along with it, on a real server."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from interpreter.messages.declared import Kind
from interpreter.temporal.client.start_options import ID_CONFLICT, ID_REUSE
from stepfile import (
    InvalidOptions,
    Message,
    MessageRefused,
    StartOptions,
    create_worker,
    prepare,
    read_text,
    start,
    start_with_update,
)
from tests.support.history import events_of

LISTENER = """\
dsl: "1"
name: listener
signals: {hello: {schema: {type: string}}}
updates: {add: {schema: {type: integer}, result: payload + 1}}
steps: [{id: heard, wait_for: {signal: hello}}]
output: ${ steps.heard.result }
"""
SUBMISSION = prepare(read_text(LISTENER))
NEXT_YEAR = "0 0 1 1 *"


async def test_what_the_server_refuses_is_refused_before(
    client: Client, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    delays, crons = (None, timedelta(days=1)), (None, NEXT_YEAR)
    messages: tuple[Kind | None, ...] = (None, "signal", "update")
    ours: dict[tuple[StartOptions, Kind | None], bool] = {}
    for delay, cron, reuse, conflict, message in product(
        delays, crons, ID_REUSE, (None, *ID_CONFLICT), messages
    ):
        options = StartOptions(start_delay=delay, cron=cron, id_reuse=reuse, id_conflict=conflict)
        ours[options, message] = _accepted(options, message)
    monkeypatch.setattr(StartOptions, "check", lambda *_: None)
    theirs = {}
    async with create_worker(client, [], task_queue=task_queue):
        for number, (options, message) in enumerate(ours):
            workflow_id = f"{task_queue}-{number}"
            try:
                await _start(client, workflow_id, task_queue, options, message)
                theirs[options, message] = True
                await client.get_workflow_handle(workflow_id).terminate()
            except RPCError as error:
                theirs[options, message] = error.status is not RPCStatusCode.INVALID_ARGUMENT
    assert theirs == ours
    assert len(set(ours.values())) == 2


def _accepted(options: StartOptions, message: Kind | None) -> bool:
    try:
        options.check(message)
    except InvalidOptions:
        return False
    return True


async def _start(
    client: Client, workflow_id: str, task_queue: str, options: StartOptions, message: Kind | None
) -> None:
    if message == "update":
        await start_with_update(
            client,
            SUBMISSION,
            Message("add", 1),
            workflow_id=workflow_id,
            task_queue=task_queue,
            options=options,
        )
        return
    signal = Message("hello", "you") if message else None
    await start(
        client, SUBMISSION, workflow_id=workflow_id, task_queue=task_queue, options=options, signal=signal
    )


async def test_a_signal_goes_to_the_run_that_there_is_else_to_a_new_one(
    client: Client, task_queue: str
) -> None:
    async with create_worker(client, [], task_queue=task_queue):
        await start(client, SUBMISSION, workflow_id=task_queue, task_queue=task_queue)
        with pytest.raises(WorkflowAlreadyStartedError):
            await start(client, SUBMISSION, workflow_id=task_queue, task_queue=task_queue)
        first = await start(
            client,
            SUBMISSION,
            workflow_id=task_queue,
            task_queue=task_queue,
            signal=Message("hello", "first"),
        )
        assert await first.result() == "first"
        second = await start(
            client,
            SUBMISSION,
            workflow_id=task_queue,
            task_queue=task_queue,
            signal=Message("hello", "second"),
        )
        assert await second.result() == "second"
        assert second.first_execution_run_id != first.first_execution_run_id
        never = StartOptions(id_reuse="reject-duplicate")
        with pytest.raises(WorkflowAlreadyStartedError):
            await start(client, SUBMISSION, workflow_id=task_queue, task_queue=task_queue, options=never)


async def test_an_update_answers_before_the_run_ends(client: Client, task_queue: str) -> None:
    async with create_worker(client, [], task_queue=task_queue):
        handle, update = await start_with_update(
            client, SUBMISSION, Message("add", 1), workflow_id=task_queue, task_queue=task_queue
        )
        assert await update.result() == 2
        await handle.signal("hello", "end")
        assert await handle.result() == "end"


async def test_a_message_that_the_definition_does_not_take_starts_nothing(
    client: Client, task_queue: str
) -> None:
    for wrong in (Message("helo"), Message("hello", 5), Message("add", 1)):
        with pytest.raises(MessageRefused):
            await start(client, SUBMISSION, workflow_id=task_queue, task_queue=task_queue, signal=wrong)
    with pytest.raises(MessageRefused):
        await start_with_update(client, SUBMISSION, Message("add", "x"), workflow_id=task_queue)
    with pytest.raises(RPCError, match="not found"):
        await client.get_workflow_handle(task_queue).describe()


async def test_the_first_step_waits_for_the_delay(client: Client, task_queue: str) -> None:
    options = StartOptions(start_delay=timedelta(days=1))
    handle = await start(client, SUBMISSION, workflow_id=task_queue, task_queue=task_queue, options=options)
    (started,) = await events_of(handle)
    backoff = started.workflow_execution_started_event_attributes.first_workflow_task_backoff
    assert backoff.ToTimedelta() == timedelta(days=1)
    await handle.terminate()
