"""`http`: run the built-in activity that sends a request."""

from __future__ import annotations

from dsl.expressions import JsonValue
from interpreter.calls.service import call_service
from interpreter.state.context import StepContext


async def perform(context: StepContext) -> JsonValue:
    """Send the request; the result is `{status, headers, body}`.

    Raises:
        StepFailed: it failed for good, or a part of the request has no value.
    """
    return await call_service(context)
