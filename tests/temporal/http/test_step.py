"""An `http` step runs on a real Temporal server."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from temporalio.client import Client, WorkflowFailureError

from dsl.reading.reader import read_text
from stepfile import HttpSettings, create_worker, prepare, query_status, start
from tests.support.history import events_of, letters
from tests.temporal.http.http_server import HttpServer, make_response, run_http_server

STOCK = """
dsl: "1"
name: stock
input: {type: object, required: [url], properties: {url: {type: string}}}
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 3}}
steps:
  - id: ask
    http:
      url: ${ input.url }/stock
      query: {sku: s1}
      headers: {Idempotency-Key: "${ step.key }"}
    catch:
      - {errors: [Http.404], as: missing, result: {body: "${ missing.details }"}}
  - id: order
    http: {method: POST, url: "${ input.url }/orders", json: {sku: s1, of: "${ steps.ask.result.body }"}}
    compensate: {http: {method: DELETE, url: "${ input.url }/orders/${ result?.body.id ?? step.key }"}}
  - id: pay
    http: {method: PUT, url: "${ input.url }/pay", body: now}
    retry: {non_retryable_error_types: [Http]}
output: ${ steps.order.result.body }
"""

JSON = {"Content_Type": "application/json"}


async def _run(client: Client, task_queue: str, server: HttpServer) -> Any:
    submission = prepare(read_text(STOCK, "stock.yaml"), {"url": server.url("")})
    settings = HttpSettings(allow_private=("127.0.0.1",))
    async with create_worker(client, [], task_queue=task_queue, http=settings):
        run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
        try:
            return run, await run.result(), await query_status(run)
        except WorkflowFailureError as error:
            return run, error.cause, await query_status(run)


async def test_a_server_that_asks_for_time_gets_it(client: Client, task_queue: str) -> None:
    times: list[float] = []

    async def slow_down(_: str, writer: Any) -> None:
        times.append(time.monotonic())
        writer.write(make_response("429 Slow Down", Retry_After="3"))

    async with run_http_server(
        slow_down,
        make_response(body=b"5", **JSON),
        make_response("201 Created", b'{"id": 9}', **JSON),
        make_response(),
    ) as server:
        run, result, status = await _run(client, task_queue, server)
    assert result == {"id": 9}
    assert [step["attempts"] for step in status["steps"]] == [2, 1, 1]
    assert f"idempotency-key: {task_queue}/ask" in server.requests[1].lower()
    assert server.requests[2].endswith('{"of":5,"sku":"s1"}')
    assert time.monotonic() - times[0] >= 3
    assert letters(await events_of(run)) == "S St(2) C S St C S St C completed"


@pytest.mark.parametrize("status_line", ["402 Pay", "503 Later"])
async def test_an_answer_is_caught_and_a_request_is_undone(
    client: Client, task_queue: str, status_line: str
) -> None:
    """`non_retryable_error_types: [Http]` makes every error final, even one that would be retried."""
    async with run_http_server(
        make_response("404 Not Found", b"nothing"),
        make_response("201 Created", b'{"id": 9}', **JSON),
        make_response(status_line),
        make_response(),
    ) as server:
        _, failure, status = await _run(client, task_queue, server)
    assert failure.type == f"Http.{status_line[:3]}"
    assert failure.details[0]["error"]["retry_state"] == "NON_RETRYABLE_FAILURE"
    assert [request.split()[0] for request in server.requests] == ["GET", "POST", "PUT", "DELETE"]
    assert '"of":{"body":"nothing","status":404}' in server.requests[1]
    assert server.requests[3].startswith("DELETE /orders/9 ")
    assert [step["state"] for step in status["steps"]] == ["caught", "completed", "failed"]


async def test_without_permission_nothing_private_is_asked(client: Client, task_queue: str) -> None:
    async with run_http_server(make_response()) as server:
        submission = prepare(read_text(STOCK, "stock.yaml"), {"url": server.url("")})
        async with create_worker(client, [], task_queue=task_queue):
            run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
            with pytest.raises(WorkflowFailureError) as failed:
                await run.result()
    assert getattr(failed.value.cause, "type", None) == "Http.Refused"
    assert server.requests == []


PATIENT = """
dsl: "1"
name: patient
input: {type: object, required: [url], properties: {url: {type: string}}}
steps:
  - http: {url: "${ input.url }/report"}
    timeouts: {start_to_close: 10s}
    retry: {by_error: {Http.404: {delay: 1s, maximum_attempts: 5}}}
"""


async def test_what_is_not_there_yet_is_asked_for_again_if_a_clause_says_so(
    client: Client, task_queue: str
) -> None:
    missing = make_response("404 Not Found")
    async with run_http_server(missing, missing, make_response(body=b"5", **JSON)) as server:
        submission = prepare(read_text(PATIENT), {"url": server.url("")})
        settings = HttpSettings(allow_private=("127.0.0.1",))
        async with create_worker(client, [], task_queue=task_queue, http=settings):
            run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
            assert (await run.result())["body"] == 5
    assert letters(await events_of(run)) == "S St(3) C completed"


DRIP = """
dsl: "1"
name: drip
input: {type: object, required: [url], properties: {url: {type: string}}}
defaults: {retry: {maximum_attempts: 1}}
steps:
  - id: ask
    http: {method: POST, url: "${ input.url }/drip", body: x}
    timeouts: {start_to_close: 2s}
    compensate:
      http: {method: DELETE, url: "${ input.url }/${ result?.status ?? 'unknown' }"}
      timeouts: {start_to_close: 10s}
"""


async def test_a_body_that_drips_is_bounded_in_time_and_undone(client: Client, task_queue: str) -> None:
    """Each byte comes in time, but not all of them do. The connection is closed, and the outcome is not known."""
    hung_up: list[float] = []

    async def drip(_: str, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.transport.is_closing():
            writer.write(b"1\r\nx\r\n")
            await asyncio.sleep(0.05)
        hung_up.append(time.monotonic())

    async with run_http_server(drip, make_response()) as server:
        submission = prepare(read_text(DRIP, "drip.yaml"), {"url": server.url("")})
        settings = HttpSettings(allow_private=("127.0.0.1",))
        async with create_worker(client, [], task_queue=task_queue, http=settings):
            began = time.monotonic()
            run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
            with pytest.raises(WorkflowFailureError) as failed:
                await run.result()
    assert getattr(failed.value.cause, "type", None) == "Timeout.StartToClose"
    assert hung_up[0] - began < 6
    assert server.requests[1].startswith("DELETE /unknown ")


BROKEN = """
dsl: "1"
name: broken
input: {type: object, required: [url], properties: {url: {type: string}}}
defaults: {timeouts: {start_to_close: 10s}}
steps:
  - id: order
    http: {method: POST, url: "${ input.url }/orders", body: x}
    compensate: {http: {method: DELETE, url: "${ input.url }/${ result?.status ?? 'unknown' }"}}
"""


@pytest.mark.parametrize(
    ("first", "kind", "methods"),
    [
        (make_response("201 Created", b"{", **JSON), "Http.Response", ["POST", "DELETE"]),
        (make_response("302 Found", Location="/done"), "Http.302", ["POST", "DELETE"]),
        (make_response("409 Conflict"), "Http.409", ["POST"]),
    ],
    ids=["broken", "moved", "refused"],
)
async def test_a_request_that_may_have_been_done_is_undone(
    client: Client, task_queue: str, first: bytes, kind: str, methods: list[str]
) -> None:
    async with run_http_server(first, make_response()) as server:
        submission = prepare(read_text(BROKEN, "broken.yaml"), {"url": server.url("")})
        settings = HttpSettings(allow_private=("127.0.0.1",))
        async with create_worker(client, [], task_queue=task_queue, http=settings):
            run = await start(client, submission, workflow_id=task_queue, task_queue=task_queue)
            with pytest.raises(WorkflowFailureError) as failed:
                await run.result()
    assert getattr(failed.value.cause, "type", None) == kind
    assert [request.split()[0] for request in server.requests] == methods
