"""`wait`: a durable timer."""

from __future__ import annotations

from datetime import timedelta

from dsl.duration import EXAMPLES, parse_duration
from dsl.expressions import ExprError, JsonValue, Template
from dsl.model import WaitStep
from dsl.wording import found
from interpreter.failure import expression_failed
from interpreter.program import Node
from interpreter.run import Run
from interpreter.scope import Scope


async def perform(run: Run, node: Node, step: WaitStep, scope: Scope) -> JsonValue:
    """Wait; the result is null.

    Raises:
        StepFailed: the expression yields no duration.
    """
    await run.effects.sleep(_duration(run, node, step, scope), step.summary or node.path)
    return None


def _duration(run: Run, node: Node, step: WaitStep, scope: Scope) -> timedelta:
    if not isinstance(step.wait, Template):
        return step.wait
    value = run.evaluate(step.wait, scope, f"{node.path}: wait")
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except ValueError:
        hint = f"for example {', '.join(EXAMPLES)}"
        error = ExprError("E_VALUE", f"expected a duration, found {found(value)}", hint=hint)
        raise expression_failed(error, f"{node.path}: wait") from None
