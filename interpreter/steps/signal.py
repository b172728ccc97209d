"""`signal`: send a signal to another workflow."""

from __future__ import annotations

from dsl.expressions import ExprError, JsonValue
from dsl.model import SignalStep
from dsl.problems.wording import found
from interpreter.calls.arguments import positional
from interpreter.effects import SignalCall
from interpreter.failure.failure import expression_failed
from interpreter.program.model import Node
from interpreter.state.run import Run
from interpreter.state.scope import Scope


async def perform(run: Run, node: Node, step: SignalStep, scope: Scope) -> JsonValue:
    """Send it; the result is null.

    Raises:
        StepFailed: there is no such workflow, or an argument has no value.
    """
    what = f"{node.path}: signal"
    workflow_id = run.evaluate(step.signal.workflow_id, scope, f"{what}.workflow_id")
    if not isinstance(workflow_id, str) or not workflow_id:
        error = ExprError("E_TYPE", f"expected text, found {found(workflow_id)}")
        raise expression_failed(error, f"{what}.workflow_id")
    args = positional(run, step.signal.args, scope, f"{what}.args")
    await run.effects.signal(SignalCall(workflow_id, step.signal.name, args))
    return None
