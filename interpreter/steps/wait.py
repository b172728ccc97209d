"""`wait` and `wait_until`: a durable timer."""

from __future__ import annotations

from datetime import datetime, timedelta

from dsl.duration import EXAMPLES, parse_duration
from dsl.expressions import ExprError, JsonValue, Template
from dsl.model import WaitStep, WaitUntilStep
from dsl.time import EXAMPLE, parse_time
from dsl.wording import found
from interpreter.failure import expression_failed
from interpreter.program import Node
from interpreter.run import Run
from interpreter.scope import Scope


async def perform(run: Run, node: Node, step: WaitStep | WaitUntilStep, scope: Scope) -> JsonValue:
    """Wait; the result is null.

    Raises:
        StepFailed: the expression yields no duration, or no time.
    """
    memory = run.progress.of(node.path).memory
    if "ends" in memory:
        ends = datetime.fromisoformat(memory["ends"])
    elif isinstance(step, WaitUntilStep):
        ends = _time(run, node, step, scope)
    else:
        ends = run.effects.now() + _duration(run, node, step, scope)
    memory["ends"] = ends.isoformat()
    if isinstance(step, WaitUntilStep) and ends <= run.effects.now():
        return None
    await run.pause(scope, ends, step.summary or node.path)
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


def _time(run: Run, node: Node, step: WaitUntilStep, scope: Scope) -> datetime:
    if not isinstance(step.wait_until, Template):
        return step.wait_until
    value = run.evaluate(step.wait_until, scope, f"{node.path}: wait_until")
    try:
        return parse_time(value if isinstance(value, str) else "")
    except ValueError:
        hint = f"for example {EXAMPLE}"
        error = ExprError("E_VALUE", f"expected a time, found {found(value)}", hint=hint)
        raise expression_failed(error, f"{node.path}: wait_until") from None
