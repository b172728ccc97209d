"""`signal`: send a signal to another workflow."""

from __future__ import annotations

from dsl.expressions import ExprError, JsonValue
from dsl.model import SignalStep
from dsl.problems.wording import describe
from interpreter.calls.arguments import evaluate_positional
from interpreter.effects import SignalCall
from interpreter.failure.failure import expression_error
from interpreter.state.context import StepContext


async def perform(context: StepContext, step: SignalStep) -> JsonValue:
    """Send the signal; the result is null.

    Raises:
        StepFailed: there is no such workflow, or an argument has no value.
    """
    workflow_id = context.evaluate(step.signal.workflow_id, "signal.workflow_id")
    if not isinstance(workflow_id, str) or not workflow_id:
        error = ExprError("type-mismatch", f"expected text, found {describe(workflow_id)}")
        raise expression_error(error, context.name_part("signal.workflow_id"))
    args = evaluate_positional(context, step.signal.args, "signal.args")
    await context.run.effects.signal(SignalCall(workflow_id, step.signal.name, args))
    return None
