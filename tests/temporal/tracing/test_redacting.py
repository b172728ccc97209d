"""The values of secrets are in no span, whoever has made it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

from dsl.reading.reader import read_text
from interpreter.temporal.dev_server.server import DevServer
from interpreter.temporal.secrets.redaction import forget_secrets, learn_secret
from interpreter.temporal.tracing.redacting import RedactingProcessor
from stepfile import create_worker, prepare, start
from tests.support.script import Script
from tests.support.temporal_activities import build_scripted_activities
from tests.temporal.tracing.recorded import Recorder

VALUE = "sk-51H8xYzAbCdEfGh"


@pytest.fixture(autouse=True)
def _known() -> Iterator[None]:
    learn_secret("TOKEN", VALUE)
    yield
    forget_secrets()


def test_every_text_of_a_span() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(RedactingProcessor(SimpleSpanProcessor(exporter)))
    with provider.get_tracer("own").start_as_current_span(f"GET {VALUE}") as span:
        span.set_attributes({"text": f"is {VALUE}", "list": ["a", VALUE], "number": 3})
        span.add_event(f"saw {VALUE}", {"there": VALUE})
        span.set_status(Status(StatusCode.ERROR, f"no {VALUE}"))
    [told] = exporter.get_finished_spans()
    assert VALUE not in told.to_json()
    assert told.to_json().count("[secret TOKEN]") == 6
    assert told.attributes == {"text": "is [secret TOKEN]", "list": ["a", "[secret TOKEN]"], "number": 3}
    assert told.context == span.get_span_context()


async def test_an_error_that_names_a_secret(server: DevServer, task_queue: str) -> None:
    recorder = Recorder()
    text = """\
dsl: "1"
name: leaks
defaults: {timeouts: {start_to_close: 10s}, retry: {maximum_attempts: 1}}
steps: [{id: leak, activity: leak}]
"""
    client = await server.connect(plugins=[recorder.plugin])
    script = Script({"leak": [{"fail": {"type": "Leak", "message": f"refused: {VALUE}"}}]})
    async with create_worker(client, build_scripted_activities(script), task_queue=task_queue):
        run = await start(
            client, prepare(read_text(text, "leaks.yaml")), workflow_id=task_queue, task_queue=task_queue
        )
        with pytest.raises(Exception, match="Workflow execution failed"):
            await run.result()
    told = "".join(span.to_json() for span in recorder.spans)
    assert VALUE not in told
    assert told.count("refused: [secret TOKEN]") >= 4, "run, step, attempt and its event"
