"""`activity`: run an activity of the user."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import ActivityAction
from interpreter.effects import ActivityCall, Cancellation
from interpreter.failure import StepFailed
from interpreter.program import Node
from interpreter.run import Run
from interpreter.scope import Scope


async def perform(run: Run, node: Node, scope: Scope) -> JsonValue:
    """Run the activity and wait for its result.

    Raises:
        StepFailed: it failed for good, or an argument has no value.
    """
    return await call(run, node, prepare(run, node, scope))


async def call(run: Run, node: Node, prepared: ActivityCall) -> JsonValue:
    """Run an activity whose arguments are already known."""
    result = await run.effects.call_activity(prepared)
    run.progress.of(node.path).attempts = result.attempts
    return result.value


def prepare(run: Run, node: Node, scope: Scope) -> ActivityCall:
    """Evaluate the arguments.

    Raises:
        StepFailed: an argument has no value; nothing was started.
    """
    step, plan = node.step, node.plan
    assert isinstance(step, ActivityAction)
    assert plan is not None
    args: JsonValue = []
    if step.args is not None:
        args = run.evaluate(step.args, scope, f"{node.path}: args")
        if not isinstance(step.args.source, list):
            args = [args]
    if not isinstance(args, list):
        raise StepFailed  # pragma: no cover
    return ActivityCall(
        id=node.path,
        name=step.activity,
        args=tuple(args),
        summary=step.summary or node.path,
        task_queue=plan.task_queue,
        timeouts=plan.timeouts,
        retry=plan.retry,
        cancellation=Cancellation.WAIT if node.compensation else Cancellation.TRY,
    )
