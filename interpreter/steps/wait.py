"""`wait`: a durable timer that runs for some time."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import WaitStep
from interpreter.calls.durations import evaluate_duration
from interpreter.state.context import StepContext
from interpreter.state.pauses import pause_until
from interpreter.state.step_state import WaitState


async def perform(context: StepContext, step: WaitStep) -> JsonValue:
    """Wait for as long as the step says; the result is null.

    Raises:
        StepFailed: `ExpressionError`: the expression yields no duration.
    """
    run, progress = context.run, context.progress
    state = progress.resume
    if not isinstance(state, WaitState):
        ends = run.effects.now() + evaluate_duration(context, step.wait, "wait")
        state = progress.resume = WaitState(ends)
    await pause_until(run, context.scope, state.ends_at, context.node.summary)
    return None
