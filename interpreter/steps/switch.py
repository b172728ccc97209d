"""`switch`: run the first case that is true."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import Case, SwitchStep
from interpreter.state.context import StepContext
from interpreter.state.step_state import SwitchState


async def perform(context: StepContext, step: SwitchStep) -> JsonValue:
    """Choose a case and run its steps.

    Raises:
        StepFailed: a condition has no value, or a step has failed.
    """
    node, progress = context.node, context.progress
    state = progress.resume
    if not isinstance(state, SwitchState):
        state = progress.resume = SwitchState(_choose_case(context, step))
    result: JsonValue = None
    if state.case is not None:
        result = await context.run_steps(node.branches[state.case].steps, context.scope.enter(node.path))
    if step.result is not None:
        return context.evaluate(step.result, "result")
    return result


def _choose_case(context: StepContext, step: SwitchStep) -> int | None:
    for index, case in enumerate(step.switch):
        if not isinstance(case, Case) or context.evaluate_condition(case.when, f"switch[{index}].when"):
            return index
    return None
