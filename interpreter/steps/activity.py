"""`activity`: run an activity of the user's."""

from __future__ import annotations

from typing import Any

from dsl.expressions import JsonValue
from dsl.json_schema.inputs import find_misfits
from dsl.model import ActivityStep
from interpreter.calls.service import call_service
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.state.context import StepContext


async def perform(context: StepContext) -> JsonValue:
    """Run the activity and wait for its result.

    Raises:
        StepFailed: it failed for good, an argument has no value, or the result is not what `result_schema` allows.
    """
    result = await call_service(context)
    step = context.node.step
    if isinstance(step, ActivityStep) and step.result_schema is not None:
        _check_result(result, step.result_schema, step.activity)
    return result


def _check_result(result: JsonValue, schema: dict[str, Any], name: str) -> None:
    """
    Raises:
        StepFailed: `InvalidResult`. The activity may well have done its work.
    """
    if problems := find_misfits(schema, result):
        wrong = "; ".join(each.describe("result") for each in problems)
        message = f"the result of {name} does not fit its result_schema: {wrong}"
        raise StepFailed(Failure("InvalidResult", message, non_retryable=True, outcome=Outcome.UNKNOWN))
