"""`steps`: run steps in order, as one scope."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from dsl.expressions import JsonValue
from dsl.model import BlockCompensation, BlockStep
from interpreter.program import Node
from interpreter.run import Run
from interpreter.scope import Scope

RunSteps = Callable[[Run, tuple[Node, ...], Scope], Awaitable[JsonValue]]


async def perform(
    run: Run, node: Node, step: BlockStep | BlockCompensation, scope: Scope, run_steps: RunSteps
) -> JsonValue:
    """Run the steps of a block; its result is the last one's, or what `result` says.

    Raises:
        StepFailed: a step inside failed, or `result` has no value.
    """
    last = await run_steps(run, node.body, scope.into(node.path))
    if isinstance(step, BlockStep) and step.result is not None:
        return run.evaluate(step.result, scope, f"{node.path}: result")
    return last
