"""`activity` and `http`: run an activity, the user's or the built-in one."""

from __future__ import annotations

from dsl.expressions import JsonValue
from interpreter.calls import call, prepare
from interpreter.effects import ActivityCall
from interpreter.guarded import guarded
from interpreter.program import Node
from interpreter.run import Run
from interpreter.scope import Scope


async def perform(run: Run, node: Node, scope: Scope) -> JsonValue:
    """Run the activity and wait for its result.

    Raises:
        StepFailed: it failed for good, or an argument has no value.
    """
    prepared = prepare(run, node, scope)
    run.progress.of(node.path).given = list(prepared.args)
    if node.breaker is None:
        return await call(run, node, prepared)
    assert isinstance(prepared, ActivityCall)
    return await guarded(run, node, node.breaker, prepared, scope)
