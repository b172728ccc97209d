"""Runs whose definition has a schema that can't be used, as earlier releases have accepted it, on a real server."""

from __future__ import annotations

from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from dsl.check import InvalidDefinition
from interpreter.program.model import Bundle
from interpreter.temporal.wire.request import StartRequest, encode_arguments
from stepfile import create_worker, prepare, query_status, read_text
from tests.temporal.http.http_server import make_response, run_http_server

RESULT = """\
dsl: "1"
name: stored
defaults: {timeouts: {start_to_close: 5s}}
steps:
  - {activity: book, compensate: {activity: cancel}, result_schema: {type: string, pattern: "^(done"}}
"""
MESSAGES = """\
dsl: "1"
name: stored
signals:
  paid: {schema: {$ref: "#/nope"}}
  stop: {}
updates:
  add: {schema: {$ref: "#/$defs/a", $defs: {a: {$ref: "#/$defs/a"}}}, result: payload}
steps:
  - {id: heard, wait_for: {any: [paid, stop]}}
output: ${ steps.heard.result.signal }
"""
INPUT = 'dsl: "1"\nname: stored\ninput: {$ref: "URL"}\nsteps: [{wait: 1s}]\n'
Run = WorkflowHandle[Any, Any]


async def start_stored(client: Client, task_queue: str, text: str) -> Run:
    """Start a run as an earlier release did. The client of today refuses it."""
    with pytest.raises(InvalidDefinition):
        prepare(read_text(text))
    return await client.start_workflow(
        "stepfile:stored",
        args=encode_arguments(StartRequest(Bundle(text)), {"a": 1}),
        id=task_queue,
        task_queue=task_queue,
    )


async def test_a_result_is_refused_and_what_was_done_is_undone(client: Client, task_queue: str) -> None:
    done: list[str] = []

    @activity.defn
    async def book() -> str:
        done.append("book")
        return "done"

    @activity.defn
    async def cancel() -> None:
        done.append("cancel")

    async with create_worker(client, [book, cancel], task_queue=task_queue):
        run = await start_stored(client, task_queue, RESULT)
        with pytest.raises(WorkflowFailureError) as failed:
            await run.result()
    failure = failed.value.cause
    assert isinstance(failure, ApplicationError)
    assert failure.type == "InvalidResult"
    assert "the schema can't be used: the pattern" in failure.message
    assert done == ["book", "cancel"]


async def test_messages_are_refused_and_the_run_goes_on(client: Client, task_queue: str) -> None:
    async with create_worker(client, [], task_queue=task_queue):
        run = await start_stored(client, task_queue, MESSAGES)
        await run.signal("paid", 5)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await run.execute_update("add", 5)
        assert (await query_status(run))["messages"]["refused"] == {"paid": 1}
        await run.signal("stop")
        assert await run.result() == "stop"
    cause = refused.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "InvalidPayload"
    assert "its references lead back to themselves" in cause.message


async def test_no_worker_fetches_a_schema(client: Client, task_queue: str) -> None:
    async with run_http_server(make_response(body=b"{}")) as server:
        async with create_worker(client, [], task_queue=task_queue):
            run = await start_stored(client, task_queue, INPUT.replace("URL", server.url("/evil.json")))
            with pytest.raises(WorkflowFailureError) as failed:
                await run.result()
        assert server.requests == []
    failure = failed.value.cause
    assert isinstance(failure, ApplicationError)
    assert failure.type == "InvalidInput"
    assert "evil.json" in failure.message
