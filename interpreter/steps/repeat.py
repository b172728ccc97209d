"""`repeat`: run steps again and again."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import RepeatStep
from interpreter.calls.durations import evaluate_duration
from interpreter.failure.failure import Failure, StepFailed
from interpreter.flow.iteration import Iteration
from interpreter.state.context import StepContext
from interpreter.state.pauses import checkpoint, pause_until
from interpreter.state.step_state import RepeatState


async def perform(context: StepContext, step: RepeatStep) -> JsonValue:
    """Repeat the steps; the result is that of the last iteration.

    Raises:
        StepFailed: a step has failed, or `IterationLimitExceeded`.
    """
    run, scope, progress = context.run, context.scope, context.progress
    state = progress.resume
    if not isinstance(state, RepeatState):
        state = progress.resume = RepeatState()
    while True:
        if state.next_at is not None:
            await pause_until(run, scope, state.next_at, f"{context.node.summary}: every")
            state.next_at = None
        await checkpoint(run, scope)
        scope.cancel_scope.raise_if_cancelled()
        if not state.inside:
            if _is_over(context, step, state.done):
                break
            state.inside = True
        again = await _run_iteration(context, step, state)
        if not again:
            break
        if step.repeat.every is not None and not _was_last(step, state.done):
            pause = evaluate_duration(context, step.repeat.every, "repeat.every")
            state.next_at = run.effects.now() + pause
    return state.result


def _is_over(context: StepContext, step: RepeatStep, done: int) -> bool:
    """Whether there is no further iteration, asked before each.

    Raises:
        StepFailed: `IterationLimitExceeded`: one more is wanted than there may be.
    """
    repeat, most = step.repeat, step.repeat.maximum_iterations
    wanted = context.evaluate_condition(repeat.while_, "repeat.while", context.scope.with_names(index=done))
    if not wanted:
        return True
    if most is None or done < most:
        return False
    if repeat.while_ is None and repeat.until is None:
        return True
    message = f"not done after {most} iteration{'s' * (most != 1)}"
    raise StepFailed(Failure("IterationLimitExceeded", message, details={"maximum_iterations": most}))


def _was_last(step: RepeatStep, done: int) -> bool:
    """Whether the bound is reached after an iteration that wants another one: then there is no pause.

    What `while` will say is not known before the pause.
    """
    return step.repeat.while_ is None and done == step.repeat.maximum_iterations


async def _run_iteration(context: StepContext, step: RepeatStep, state: RepeatState) -> bool:
    """Run one iteration; whether another one is wanted after it."""
    number = state.done
    iteration = Iteration(context.run, context.node, number)
    inner = iteration.enter(context.scope.with_names(index=number))
    result = await context.run_steps(iteration.body, inner)
    if step.result is not None:
        result = context.evaluate(step.result, "result", inner)
    until = step.repeat.until
    again = until is None or not context.evaluate_condition(until, "repeat.until", inner)
    iteration.leave()
    state.done, state.result, state.inside = number + 1, result, False
    return again
