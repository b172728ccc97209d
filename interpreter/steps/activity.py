"""`activity` and `http`: run an activity, the user's or the built-in one."""

from __future__ import annotations

from typing import Any

from dsl.expressions import JsonValue
from dsl.json_schema.inputs import misfits
from dsl.model import ActivityStep
from interpreter.calls.breaker_attempts import guarded
from interpreter.calls.prepare import call, prepare
from interpreter.effects import ActivityCall
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.program.model import Node
from interpreter.state.run import Run
from interpreter.state.scope import Scope


async def perform(run: Run, node: Node, scope: Scope) -> JsonValue:
    """Run the activity and wait for its result.

    Raises:
        StepFailed: it failed for good, or an argument has no value.
    """
    prepared = prepare(run, node, scope)
    run.progress.of(node.path).given = list(prepared.args)
    if node.breaker is None:
        result = await call(run, node, prepared)
    else:
        assert isinstance(prepared, ActivityCall)
        result = await guarded(run, node, node.breaker, prepared, scope)
    if isinstance(node.step, ActivityStep) and node.step.result_schema is not None:
        _check(result, node.step.result_schema, prepared.name)
    return result


def _check(result: JsonValue, schema: dict[str, Any], name: str) -> None:
    """
    Raises:
        StepFailed: `InvalidResult`. The activity may well have done its work.
    """
    if problems := misfits(schema, result):
        wrong = "; ".join(each.of("result") for each in problems)
        message = f"{name} has returned what its result_schema does not allow: {wrong}"
        raise StepFailed(Failure("InvalidResult", message, non_retryable=True, outcome=Outcome.UNKNOWN))
