"""A trace goes on in what a run asks, in what others start, and in what activities trace themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import format_span_id, format_trace_id
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    StartWorkflowInput,
    WorkflowHandle,
)
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.worker import Worker

from dsl.reading.reader import read_text
from interpreter.temporal.dev_server.server import DevServer
from stepfile import HttpSettings, Message, create_worker, prepare, start, start_with_update
from tests.temporal.http.http_server import make_redirect, make_response, run_http_server
from tests.temporal.tracing.recorded import Recorder, draw_spans

ASK = """\
dsl: "1"
name: ask
input: {type: object, properties: {url: {type: string}}}
steps:
  - id: ask
    http: {url: "${ input.url }"HEADERS}
    timeouts: {start_to_close: 10s}
"""
LOCAL = HttpSettings(allow_private=("127.0.0.1",))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


async def ask(
    server: DevServer, recorder: Recorder | None, task_queue: str, url: str, headers: str = ""
) -> None:
    client = await server.connect(plugins=[recorder.plugin] if recorder is not None else [])
    async with create_worker(client, [], task_queue=task_queue, http=LOCAL):
        submission = prepare(read_text(ASK.replace("HEADERS", headers), "ask.yaml"), {"url": url})
        await (await start(client, submission, workflow_id=task_queue, task_queue=task_queue)).result()


async def test_a_request_names_the_attempt_that_makes_it(
    server: DevServer, recorder: Recorder, task_queue: str
) -> None:
    async with run_http_server(make_redirect("302 Found", "/there"), make_response()) as http:
        await ask(server, recorder, task_queue, http.url())
    assert recorder.tree() == [
        "start ask",
        "  run ask completed",
        "    ask completed",
        "      attempt stepfile.http completed",
    ]
    attempt = recorder.find("attempt stepfile.http").context
    expected = f"traceparent: 00-{format_trace_id(attempt.trace_id)}-{format_span_id(attempt.span_id)}-"
    assert len(http.requests) == 2
    assert all(expected in request.lower() for request in http.requests)


async def test_a_definition_that_names_a_trace_itself_is_left_alone(
    server: DevServer, recorder: Recorder, task_queue: str
) -> None:
    own = "00-11111111111111111111111111111111-2222222222222222-01"
    async with run_http_server(make_response()) as http:
        await ask(server, recorder, task_queue, http.url(), f', headers: {{TraceParent: "{own}"}}')
    assert http.requests[0].lower().count("traceparent") == 1
    assert own in http.requests[0]


async def test_without_traces_a_request_names_none(server: DevServer, task_queue: str) -> None:
    async with run_http_server(make_response()) as http:
        await ask(server, None, task_queue, http.url())
    assert "traceparent" not in http.requests[0].lower()


CALL = """\
dsl: "1"
name: call
signals: {go: {}}
updates: {ask: {result: 1}}
defaults: {timeouts: {start_to_close: 10s}}
steps:
  - {id: hear, wait_for: {signal: go}}
  - {id: call, activity: call}
"""


def build_call(provider: TracerProvider) -> Any:
    @activity.defn
    async def call() -> None:
        with provider.get_tracer("own").start_as_current_span("inside of an activity"):
            pass

    return call


async def test_what_an_activity_traces_itself_is_inside_of_its_attempt(
    server: DevServer, recorder: Recorder, task_queue: str
) -> None:
    """Whoever has made the tracer provider that it uses."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    client = await server.connect(plugins=[recorder.plugin])
    async with create_worker(client, [build_call(provider)], task_queue=task_queue):
        submission = prepare(read_text(CALL, "call.yaml"), None)
        run = await start(
            client, submission, workflow_id=task_queue, task_queue=task_queue, signal=Message("go", None)
        )
        await run.result()
    assert draw_spans([*recorder.spans, *exporter.get_finished_spans()]) == [
        "start call",
        "  run call completed",
        "    call completed",
        "      attempt call completed",
        "        inside of an activity",
        "    hear completed",
    ]


async def test_messages_are_spans_of_the_client(
    server: DevServer, recorder: Recorder, task_queue: str
) -> None:
    client = await server.connect(plugins=[recorder.plugin])
    async with create_worker(client, [build_call(TracerProvider())], task_queue=task_queue):
        submission = prepare(read_text(CALL, "call.yaml"), None)
        run, _ = await start_with_update(
            client, submission, Message("ask", None), workflow_id=task_queue, task_queue=task_queue
        )
        await run.signal("go", None)
        await run.query("status")
        await run.result()
    assert [line for line in recorder.tree() if not line.startswith(" ")] == ["start call", "signal go"]


async def test_a_client_that_temporalio_traces_and_a_worker_of_ours(
    server: DevServer, recorder: Recorder, task_queue: str
) -> None:
    """The header is that of Temporal's SDKs, so who has started a run can use any of them."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    traced = TracingInterceptor(provider.get_tracer("temporalio"))
    theirs = await Client.connect(server.address, interceptors=[traced])
    ours = await server.connect(plugins=[recorder.plugin])

    @activity.defn
    async def call() -> None: ...

    text = CALL.replace(
        "{id: call, activity: call}", f"{{id: call, activity: call, task_queue: {task_queue}-2}}"
    )
    async with (
        create_worker(ours, [], task_queue=task_queue),
        Worker(theirs, task_queue=f"{task_queue}-2", activities=[call]),
    ):
        submission = prepare(read_text(text, "call.yaml"), None)
        run = await start(
            theirs, submission, workflow_id=task_queue, task_queue=task_queue, signal=Message("go", None)
        )
        await run.result()
    assert draw_spans([*recorder.spans, *exporter.get_finished_spans()]) == [
        "SignalWithStartWorkflow:stepfile:call",
        "  run call completed",
        "    call completed",
        "      RunActivity:call",
        "    hear completed",
    ]


@pytest.mark.parametrize(
    "header", [b"no JSON", b"[]", b'{"traceparent": 7}', b'{"traceparent": "00-0-0-00"}']
)
async def test_a_header_that_makes_no_sense_begins_a_trace(
    server: DevServer, recorder: Recorder, task_queue: str, header: bytes
) -> None:
    class Scribbler(OutboundInterceptor):
        async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
            payload = Payload(metadata={"encoding": b"json/plain"}, data=header)
            input.headers = {"_tracer-data": payload}
            return await super().start_workflow(input)

    class Scribbling(Interceptor):
        def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
            return Scribbler(next)

    theirs = await Client.connect(server.address, interceptors=[Scribbling()])
    ours = await server.connect(plugins=[recorder.plugin])
    async with create_worker(ours, [build_call(TracerProvider())], task_queue=task_queue):
        submission = prepare(read_text(CALL, "call.yaml"), None)
        run = await start(
            theirs, submission, workflow_id=task_queue, task_queue=task_queue, signal=Message("go", None)
        )
        await run.result()
    assert recorder.tree() == [
        "run call completed",
        "  call completed",
        "    attempt call completed",
        "  hear completed",
    ]


@workflow.defn
class Own:
    """A workflow of the user's own, which calls an activity."""

    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity("call", schedule_to_close_timeout=timedelta(seconds=10))


async def test_a_workflow_of_the_users_own_hands_the_trace_on(
    server: DevServer, recorder: Recorder, task_queue: str
) -> None:
    client = await server.connect(plugins=[recorder.plugin])
    functions = [build_call(TracerProvider())]
    text = CALL.replace("{id: call, activity: call}", "{id: call, child_workflow: {type: Own}}")
    async with create_worker(client, functions, workflows=[Own], task_queue=task_queue):
        submission = prepare(read_text(text, "call.yaml"), None)
        run = await start(
            client, submission, workflow_id=task_queue, task_queue=task_queue, signal=Message("go", None)
        )
        await run.result()
    assert recorder.tree() == [
        "start call",
        "  run call completed",
        "    call completed",
        "      attempt call completed",
        "    hear completed",
    ]


async def test_a_trace_that_is_not_sampled_is_not_recorded(
    server: DevServer, recorder: Recorder, task_queue: str
) -> None:
    off = TracerProvider(sampler=ALWAYS_OFF)
    client = await server.connect(plugins=[recorder.plugin])
    async with create_worker(client, [build_call(off)], task_queue=task_queue):
        submission = prepare(read_text(CALL, "call.yaml"), None)
        with off.get_tracer("caller").start_as_current_span("caller"):
            run = await start(
                client, submission, workflow_id=task_queue, task_queue=task_queue, signal=Message("go", None)
            )
        await run.result()
    assert recorder.tree() == []
