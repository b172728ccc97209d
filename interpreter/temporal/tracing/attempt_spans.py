"""The span of an attempt, on the worker that makes it. What the activity does itself is inside it."""

from __future__ import annotations

import asyncio
from typing import Any

from opentelemetry.trace import SpanKind, Tracer
from temporalio import activity
from temporalio.exceptions import CancelledError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from interpreter.program.paths import step_of_activity
from interpreter.temporal.tracing.errors import describe_error, get_message, get_type, record_exception
from interpreter.temporal.tracing.header import read_header
from interpreter.temporal.tracing.live_span import LiveSpan
from interpreter.temporal.tracing.names import (
    ACTIVITY,
    ACTIVITY_ID,
    ATTEMPT,
    DEFINITION,
    OUTCOME,
    RUN_ID,
    STEP,
    WORKFLOW_ID,
)
from interpreter.temporal.wire.names import get_definition_name


class TracedActivity(ActivityInboundInterceptor):
    """Makes the spans of attempts."""

    def __init__(self, next: ActivityInboundInterceptor, tracer: Tracer) -> None:
        super().__init__(next)
        self._tracer = tracer

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        name, attributes = f"attempt {info.activity_type}", _describe_attempt(info)
        context = read_header(input.headers)
        with LiveSpan(self._tracer, name, SpanKind.SERVER, attributes, context) as span:
            try:
                result = await super().execute_activity(input)
            except (CancelledError, asyncio.CancelledError):
                # On a worker that shuts down nobody has cancelled the activity, and another attempt follows.
                span.set_attribute(OUTCOME, "failed" if activity.is_worker_shutdown() else "cancelled")
                raise
            except Exception as error:
                span.set_attribute(OUTCOME, "failed")
                describe_error(span, get_type(error), get_message(error))
                record_exception(span, error)
                raise
            span.set_attribute(OUTCOME, "completed")
            return result


def _describe_attempt(info: activity.Info) -> dict[str, str | int]:
    attributes: dict[str, str | int] = {
        WORKFLOW_ID: info.workflow_id or "",
        RUN_ID: info.workflow_run_id or "",
        ACTIVITY_ID: info.activity_id,
        ACTIVITY: info.activity_type,
        ATTEMPT: info.attempt,
    }
    definition = get_definition_name(info.workflow_type or "")
    if definition is not None:
        attributes |= {DEFINITION: definition, STEP: step_of_activity(info.activity_id)}
    return attributes
