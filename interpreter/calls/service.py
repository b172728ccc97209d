"""Calls of what a step asks a service for: directly, or behind a circuit breaker."""

from __future__ import annotations

from collections.abc import Awaitable

from dsl.expressions import JsonValue
from interpreter.calls.breaker_attempts import call_behind_breaker
from interpreter.calls.prepare import make_call, prepare_call
from interpreter.calls.shared_breaker_call import call_behind_shared_breaker
from interpreter.effects import ActivityCall
from interpreter.state.context import StepContext


def call_service(context: StepContext) -> Awaitable[JsonValue]:
    """Run the activity of a step; what is returned is to be awaited for its result.

    Raises:
        StepFailed: it failed for good, or an argument has no value.
    """
    call, breaker = prepare_call(context), context.node.breaker
    assert isinstance(call, ActivityCall)
    context.progress.given = list(call.args)
    if breaker is None:
        return make_call(context.run, context.node, call)
    settings = context.run.program.definition.circuit_breakers[breaker.name]
    if settings.scope == "shared":
        return call_behind_shared_breaker(context, breaker, settings, call)
    return call_behind_breaker(context, breaker, call)
