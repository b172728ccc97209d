"""The type and the message of an error arrive, however much else there is: in `status`, on the server, in the run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

import httpx
import pytest
from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.client import Client, WorkflowFailureError
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
)
from temporalio.exceptions import ApplicationError
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig
from temporalio.worker import Worker

from interpreter.failure.failure import MAXIMUM_MESSAGE
from interpreter.temporal.client.run_handle import RunHandle
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.worker.trimmed_failures import cut_trace, trim_failure
from interpreter.temporal.workflow.workflow import StepfileWorkflow
from stepfile import create_worker, prepare, read_text, start
from tests.support.metrics import find_free_port
from tests.support.waiting import until

STUBBORN = """\
dsl: "1"
name: stubborn
defaults: {timeouts: {start_to_close: 10s}, retry: {initial_interval: 1m}}
steps:
  - {id: call, activity: A, args: [2026-07-01]}
"""
"""It is tried for ever: only its pending failure tells what is wrong."""


@activity.defn(name="A")
async def asks_nobody(day: str) -> None:
    """Fails with an error that has a long stack trace, and causes that have long ones, too."""
    async with httpx.AsyncClient(trust_env=False) as http:
        await http.get("http://127.0.0.1:9/")


@dataclasses.dataclass
class Order:
    day: date


@activity.defn(name="A")
async def takes_a_date(day: date) -> None: ...


def of_stepfile(client: Client, function: Callable[..., Any], queue: str) -> Worker:
    return create_worker(client, [function], task_queue=queue)


def of_somebody_else(client: Client, function: Callable[..., Any], queue: str) -> Worker:
    return Worker(client, task_queue=queue, workflows=[StepfileWorkflow], activities=[function])


NOT_DECODED = "Failed decoding arguments: Unserializable type during conversion: <class 'datetime.date'>"


@pytest.mark.parametrize("worker", [of_stepfile, of_somebody_else])
@pytest.mark.parametrize(
    ("function", "said"),
    [(asks_nobody, "ConnectError: All connection attempts failed"), (takes_a_date, NOT_DECODED)],
)
async def test_the_error_is_shown_while_it_is_retried(
    worker: Callable[..., Worker], function: Callable[..., Any], said: str, client: Client, task_queue: str
) -> None:
    async with worker(client, function, task_queue):
        run = await _start(client, STUBBORN, task_queue)
        assert await _read_pending_error(run) == said


async def test_the_server_shows_it_too(client: Client, task_queue: str) -> None:
    async with create_worker(client, [asks_nobody], task_queue=task_queue):
        run = await _start(client, STUBBORN, task_queue)
        await _read_pending_error(run)
        [pending] = (await run.describe()).raw_description.pending_activities
    assert (pending.last_failure.application_failure_info.type, pending.last_failure.message) == (
        "ConnectError",
        "All connection attempts failed",
    )
    assert "in asks_nobody" in pending.last_failure.stack_trace
    assert pending.last_failure.cause.application_failure_info.type == "ConnectError"


async def test_it_is_shown_when_it_was_moved_into_a_payload(client: Client, task_queue: str) -> None:
    """As a codec that encrypts messages and stack traces needs it."""
    config = client.config()
    config["data_converter"] = DataConverter(
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes
    )
    encrypting = Client(**config)
    async with create_worker(encrypting, [asks_nobody], task_queue=task_queue):
        run = await _start(encrypting, STUBBORN, task_queue)
        assert await _read_pending_error(run) == "ConnectError: All connection attempts failed"


TOO_MUCH = """\
dsl: "1"
name: too-much
defaults:
  timeouts: {start_to_close: 10s}
  retry: {maximum_attempts: 3, by_error: {Oops: {delay: 1s, maximum_attempts: 2}}}
steps:
  - id: call
    activity: A
    args: [3000000]
    catch: [{errors: [Oops], result: {attempts: "${ error.attempts }", letters: "${ size(error.message) }"}}]
"""


@activity.defn(name="A")
async def large_message(size: int) -> None:
    raise ApplicationError("x" * size, type="Oops")


@activity.defn(name="A")
async def large_cause(size: int) -> None:
    raise ApplicationError("no", type="Oops") from ValueError("x" * size)


@activity.defn(name="A")
async def large_details_of_a_cause(size: int) -> None:
    raise ApplicationError("no", type="Oops") from ApplicationError("no", "x" * size)


@pytest.mark.parametrize(
    ("function", "letters"),
    [(large_message, MAXIMUM_MESSAGE), (large_cause, 2), (large_details_of_a_cause, 2)],
)
async def test_an_error_of_any_size_keeps_its_type_and_retries(
    function: Callable[..., Any], letters: int, client: Client, task_queue: str
) -> None:
    async with create_worker(client, [function], task_queue=task_queue):
        run = await _start(client, TOO_MUCH, task_queue)
        ending = await run.wait_for_ending()
    assert ending.result == {"attempts": 2, "letters": letters}


MANY = """\
dsl: "1"
name: many
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
steps:
  - for_each: range(250)
    concurrency: 250
    collect: none
    steps: [{activity: fine, compensate: {activity: A, args: [20000], retry: {maximum_attempts: 1}}}]
  - raise: {type: Oops, message: no}
"""


@activity.defn
async def fine() -> None: ...


@pytest.mark.slow
async def test_a_run_with_more_errors_than_fit_ends_all_the_same(client: Client, task_queue: str) -> None:
    """The workflow task that says too much would be repeated for ever."""
    async with create_worker(client, [fine, large_message], task_queue=task_queue):
        run = await _start(client, MANY, task_queue)
        with pytest.raises(WorkflowFailureError) as failed:
            await run.handle.result()
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "Oops"
    told = failed.value.cause.details[0]["compensations"]
    assert [(each["status"], each["error"]["type"]) for each in told] == [("failed", "Oops")] * 250


WRONG_ARGUMENT = """\
dsl: "1"
name: wrong-argument
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
steps: [{id: call, activity: A, args: [{day: 2026-07-01}]}]
on_failure: {result: "${ error.message }"}
"""


@activity.defn(name="A")
async def takes_an_order(order: Order) -> None: ...


async def test_the_run_is_told_why_its_arguments_are_not_decoded(client: Client, task_queue: str) -> None:
    async with create_worker(client, [takes_an_order], task_queue=task_queue):
        run = await _start(client, WRONG_ARGUMENT, task_queue)
        ending = await run.wait_for_ending()
    assert ending.result.startswith("Failed decoding arguments: Failed converting field day on dataclass ")
    assert ending.result.endswith(": Unserializable type during conversion: <class 'datetime.date'>")


def test_frames_of_the_worker_and_in_the_middle_are_left_out() -> None:
    worker = '  File "/x/temporalio/worker/_activity.py", line 1, in run\n    await it'
    ours = '  File "/x/interpreter/temporal/worker/interceptor.py", line 1, in run\n    await it'
    frames = [f'  File "/shop/a.py", line {n}, in f\n    g()' for n in range(10)]
    trace = "\n\n".join([worker, ours, *frames]) + "\n"
    kept = cut_trace(trace, 4 * len(frames[0]) + 10)
    left_out = "  (left out here: 6 of the frames)"
    assert kept == "\n\n".join([*frames[:2], left_out, *frames[-2:]]) + "\n"


def test_what_is_small_is_not_touched() -> None:
    failure = Failure(message="no", stack_trace="  File ...\n", cause=Failure(message="before"))
    before = failure.SerializeToString()
    trim_failure(failure, DefaultPayloadConverter())
    assert failure.SerializeToString() == before


def test_what_another_failure_converter_has_encoded_is_left_to_it() -> None:
    encrypted = Payload(metadata={"encoding": b"binary/encrypted"}, data=b"?" * 5_000)
    for payload in (encrypted, DefaultPayloadConverter().to_payload({"mine": "?" * 5_000})):
        failure = Failure(message="no", stack_trace="  File ...\n" * 500, encoded_attributes=payload)
        trim_failure(failure, DefaultPayloadConverter())
        assert failure.encoded_attributes == payload
        assert len(failure.stack_trace) < 1_000


def test_of_many_causes_the_nearest_are_kept() -> None:
    failure = Failure(message="0")
    last = failure
    for number in range(1, 30):
        last = last.cause
        last.message = str(number)
    trim_failure(failure, DefaultPayloadConverter())
    messages = []
    while True:
        messages.append(failure.message)
        if not failure.HasField("cause"):
            break
        failure = failure.cause
    assert messages == [*map(str, range(10)), "further causes were left out"]


async def _start(client: Client, text: str, task_queue: str) -> RunHandle:
    return await RunHandle.start(
        client, prepare(read_text(text)), workflow_id=task_queue, task_queue=task_queue
    )


async def _read_pending_error(run: RunHandle) -> str | None:
    await until(partial(_has_failed, run), "an attempt has failed")
    [pending] = (await run.take_snapshot()).pending
    return pending.error


async def _has_failed(run: RunHandle) -> bool:
    pending = (await run.describe()).raw_description.pending_activities
    return any(each.attempt > 1 for each in pending)


@activity.defn(name="A")
async def fails(day: str) -> None:
    """Fail at once."""
    raise ValueError(day)


@pytest.mark.parametrize("counted", [False, True])
async def test_the_trace_leads_from_the_worker_to_the_activity_without_detours(
    server: DevServer, task_queue: str, counted: bool
) -> None:
    """Also if the worker has metrics, and so counts attempts."""
    metrics = PrometheusConfig(bind_address=f"127.0.0.1:{find_free_port()}") if counted else None
    runtime = Runtime(telemetry=TelemetryConfig(metrics=metrics))
    client = await Client.connect(server.address, namespace=server.namespace, runtime=runtime)
    async with create_worker(client, [fails], task_queue=task_queue):
        handle = await start(
            client, prepare(read_text(STUBBORN)), workflow_id=task_queue, task_queue=task_queue
        )

        async def find_trace() -> bool:
            pending = (await handle.describe()).raw_description.pending_activities
            found[:] = [each.last_failure.stack_trace for each in pending if each.HasField("last_failure")]
            return bool(found)

        found: list[str] = []
        await until(find_trace, "the activity has failed")
        await handle.terminate()
    frames = [line.rpartition(", in ")[2] for line in found[0].splitlines() if line.startswith("  File")]
    assert frames == ["_handle_start_activity_task", "_execute_activity", "execute_activity", "fails"]
