"""`wait` and `wait_until`: a durable timer."""

from __future__ import annotations

from datetime import datetime

from dsl.expressions import JsonValue
from dsl.model import WaitStep, WaitUntilStep
from interpreter.calls.durations import duration, point_in_time
from interpreter.program.model import Node
from interpreter.state.run import Run
from interpreter.state.scope import Scope


async def perform(run: Run, node: Node, step: WaitStep | WaitUntilStep, scope: Scope) -> JsonValue:
    """Wait; the result is null.

    Raises:
        StepFailed: the expression yields no duration, or no time.
    """
    memory = run.progress.of(node.path).memory
    if "ends" in memory:
        ends = datetime.fromisoformat(memory["ends"])
    elif isinstance(step, WaitUntilStep):
        ends = point_in_time(run, step.wait_until, scope, f"{node.path}: wait_until")
    else:
        ends = run.effects.now() + duration(run, step.wait, scope, f"{node.path}: wait")
    memory["ends"] = ends.isoformat()
    if isinstance(step, WaitUntilStep) and ends <= run.effects.now():
        return None
    await run.pause(scope, ends, step.summary or node.path)
    return None
