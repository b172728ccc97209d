"""`catch`: what happens instead of a failure."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.scalars.error_types import matches
from interpreter.concurrency.shield import shield
from interpreter.failure.failure import Failure, StepFailed
from interpreter.modifiers.compensate import undo_all
from interpreter.program.model import CatchHandler
from interpreter.state.context import StepContext
from interpreter.state.evaluator import evaluate, evaluate_condition
from interpreter.state.scope import Scope


async def handle_failure(context: StepContext, failed: StepFailed) -> JsonValue:
    """Handle a failure by the first clause that takes it; the result stands for that of the step.

    Raises:
        StepFailed: no clause takes it, or the clause has failed itself: then with this failure as its cause.
    """
    failure = failed.failure.at_step(context.node.path)
    try:
        for handler in context.node.catch:
            inside = context.scope.finish_here().with_names(**{handler.clause.as_: failure.to_json()})
            if _matches(context, handler, failure, inside):
                return await _handle(context, handler, inside)
    except StepFailed as later:
        raise StepFailed(later.failure.because_of(failure)) from failed
    raise failed


def _matches(context: StepContext, handler: CatchHandler, failure: Failure, scope: Scope) -> bool:
    clause = handler.clause
    return any(matches(wanted, failure.type) for wanted in clause.errors) and evaluate_condition(
        context.run, clause.when, scope, f"{handler.path}: when"
    )


async def _handle(context: StepContext, handler: CatchHandler, scope: Scope) -> JsonValue:
    run, clause = context.run, handler.clause
    context.progress.handler = handler.path
    if clause.compensate:
        await shield(undo_all(run, context.machine, {context.node.path}))
    result = await context.run_steps(handler.steps, scope)
    if clause.result is not None:
        return evaluate(run, clause.result, scope, f"{handler.path}: result")
    return result
