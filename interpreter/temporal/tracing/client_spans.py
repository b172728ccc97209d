"""The spans of a client: it starts runs, and sends them messages.

Queries have none: who follows a run asks for its status again and again.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry.trace import Span, SpanKind, Tracer
from temporalio.client import (
    OutboundInterceptor,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    StartWorkflowUpdateWithStartInput,
    UpdateWithStartStartWorkflowInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)

from interpreter.temporal.tracing.errors import describe_error, get_message, get_type
from interpreter.temporal.tracing.header import write_header
from interpreter.temporal.tracing.live_span import LiveSpan
from interpreter.temporal.tracing.names import DEFINITION, RUN_ID, VERSION, WORKFLOW_ID
from interpreter.temporal.wire.names import get_definition_name


class TracedClient(OutboundInterceptor):
    """Makes the spans of a client, and sends the trace along."""

    def __init__(self, next: OutboundInterceptor, tracer: Tracer) -> None:
        super().__init__(next)
        self._tracer = tracer

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
        with self._start_span("start", *_describe_start(input)) as span:
            input.headers = write_header(input.headers)
            handle = await super().start_workflow(input)
            if handle.first_execution_run_id or handle.result_run_id:
                span.set_attribute(RUN_ID, handle.first_execution_run_id or handle.result_run_id or "")
            return handle

    async def signal_workflow(self, input: SignalWorkflowInput) -> None:
        with self._start_span("signal", input.signal, {WORKFLOW_ID: input.id}):
            input.headers = write_header(input.headers)
            await super().signal_workflow(input)

    async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:
        with self._start_span("update", input.update, {WORKFLOW_ID: input.id}):
            input.headers = write_header(input.headers)
            return await super().start_workflow_update(input)

    async def start_update_with_start_workflow(
        self, input: StartWorkflowUpdateWithStartInput
    ) -> WorkflowUpdateHandle[Any]:
        start, update = input.start_workflow_input, input.update_workflow_input
        with self._start_span("start", *_describe_start(start)):
            start.headers, update.headers = write_header(start.headers), write_header(update.headers)
            return await super().start_update_with_start_workflow(input)

    @contextmanager
    def _start_span(self, verb: str, name: str, attributes: Mapping[str, str]) -> Generator[Span]:
        with LiveSpan(self._tracer, f"{verb} {name}", SpanKind.CLIENT, attributes) as span:
            try:
                yield span
            except Exception as error:
                describe_error(span, get_type(error), get_message(error))
                raise


def _describe_start(
    input: StartWorkflowInput | UpdateWithStartStartWorkflowInput,
) -> tuple[str, Mapping[str, str]]:
    definition = get_definition_name(input.workflow)
    if definition is None:  # a workflow of the user's own
        return input.workflow, {WORKFLOW_ID: input.id}
    attributes = {WORKFLOW_ID: input.id, DEFINITION: definition}
    version = (input.memo or {}).get("version")
    if isinstance(version, str):
        attributes[VERSION] = version
    return definition, attributes
