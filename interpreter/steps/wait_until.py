"""`wait_until`: a durable timer that runs until a point in time."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import WaitUntilStep
from interpreter.calls.durations import evaluate_time
from interpreter.state.context import StepContext
from interpreter.state.pauses import pause_until
from interpreter.state.step_state import WaitState


async def perform(context: StepContext, step: WaitUntilStep) -> JsonValue:
    """Wait until the time that the step says, not at all if that has passed; the result is null.

    Raises:
        StepFailed: `ExpressionError`: the expression yields no time.
    """
    run, progress = context.run, context.progress
    state = progress.resume
    if not isinstance(state, WaitState):
        state = progress.resume = WaitState(evaluate_time(context, step.wait_until, "wait_until"))
    if state.ends_at > run.effects.now():
        await pause_until(run, context.scope, state.ends_at, context.node.summary)
    return None
