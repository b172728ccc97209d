"""`signal`: send a signal to another workflow."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import SignalStep
from interpreter.calls.arguments import evaluate_positional
from interpreter.calls.workflow_ids import check_workflow_id
from interpreter.effects import SignalCall
from interpreter.state.context import StepContext


async def perform(context: StepContext, step: SignalStep) -> JsonValue:
    """Send the signal; the result is null.

    Raises:
        StepFailed: there is no such workflow, or an argument has no value.
    """
    part = "signal.workflow_id"
    workflow_id = check_workflow_id(context, context.evaluate(step.signal.workflow_id, part), part)
    args = evaluate_positional(context, step.signal.args, "signal.args")
    await context.run.effects.signal(SignalCall(workflow_id, step.signal.name, args))
    return None
