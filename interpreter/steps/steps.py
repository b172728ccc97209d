"""`steps`: run steps in order, as one scope."""

from __future__ import annotations

from datetime import timedelta

from dsl.expressions import JsonValue
from dsl.model import BlockCompensation, BlockStep
from interpreter.concurrency.shield import shield
from interpreter.failure.failure import StepFailed
from interpreter.failure.retry import compute_next_wait
from interpreter.modifiers.undo import undo_all
from interpreter.state.context import StepContext
from interpreter.state.journal import forget_inside
from interpreter.state.keys import keeps_what_is_left
from interpreter.state.observation import observe_retry
from interpreter.state.pauses import pause_until
from interpreter.state.step_state import BlockState

Block = BlockStep | BlockCompensation


async def perform(context: StepContext, step: Block) -> JsonValue:
    """Run the steps of a block, after a failure again as its retry policy says.

    Raises:
        StepFailed: a step inside failed for good, or `result` has no value.
    """
    run, progress = context.run, context.progress
    state = progress.resume if isinstance(progress.resume, BlockState) else BlockState()
    if context.node.retry is None:
        return await _run_once(context, step)
    progress.resume = state
    try:
        return await _run_until_final(context, step, state)
    finally:
        run.children.leave(context.node.path)


async def _run_until_final(context: StepContext, step: Block, state: BlockState) -> JsonValue:
    run, progress = context.run, context.progress
    while True:
        if state.retry_at is not None:
            await pause_until(run, context.scope, state.retry_at, f"{context.node.summary}: retry")
            context.scope.cancel_scope.raise_if_cancelled()
            state.retry_at = None
        try:
            result = await _run_once(context, step)
        except StepFailed as failed:
            wait = await _prepare_retry(context, state, failed)
            state.attempt, state.retry_at = state.attempt + 1, run.effects.now() + wait
            progress.last_error = failed.failure
        else:
            progress.attempts = state.attempt
            return result


async def _run_once(context: StepContext, step: Block) -> JsonValue:
    """Run the steps; the result is the last step's, or what `result` says."""
    last = await context.run_steps(context.node.body, context.scope.enter(context.node.path))
    if isinstance(step, BlockStep) and step.result is not None:
        return context.evaluate(step.result, "result")
    return last


async def _prepare_retry(context: StepContext, state: BlockState, failed: StepFailed) -> timedelta:
    """Undo what was done inside.

    Returns:
        How long to wait before the next attempt.

    Raises:
        StepFailed: the failure itself, if it is final: also when something could not be undone.
    """
    run, node, scope = context.run, context.node, context.scope
    policy, attempt = node.retry, state.attempt
    assert policy is not None
    wait = compute_next_wait(policy, attempt, failed.failure, run.effects.random)
    if wait is None or scope.cancel_scope.cancel_called:
        raise failed
    await shield(undo_all(run, context.machine, {node.path}))
    if run.saga.is_stuck(node) or run.saga.has_left(node) or keeps_what_is_left(run, node):
        state.is_undone = True
        raise failed
    run.children.begin_again()
    forget_inside(run, node)  # also if it was stopped meanwhile: what was undone is no more
    scope.cancel_scope.raise_if_cancelled()
    observe_retry(run, node, attempt, wait, failed.failure)
    return wait
