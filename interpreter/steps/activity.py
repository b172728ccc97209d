"""`activity`: run an activity of the user."""

from __future__ import annotations

from dsl.expressions import JsonValue, Template
from dsl.model import ActivityAction
from interpreter.effects import ActivityCall, Cancellation
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
    return ActivityCall(
        id=node.path,
        name=step.activity,
        args=_arguments(run, step.args, scope, f"{node.path}: args"),
        summary=step.summary or node.path,
        task_queue=plan.task_queue,
        timeouts=plan.timeouts,
        retry=plan.retry,
        cancellation=Cancellation.WAIT if node.compensation else Cancellation.TRY,
    )


def _arguments(run: Run, args: Template | None, scope: Scope, what: str) -> tuple[JsonValue, ...]:
    """A list in the definition is the positional arguments; anything else, also what yields a list, is one."""
    if args is None:
        return ()
    value = run.evaluate(args, scope, what)
    return tuple(value) if isinstance(args.source, list) and isinstance(value, list) else (value,)
