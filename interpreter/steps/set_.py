"""`set`: change variables."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import SetStep
from interpreter.state.context import StepContext


async def perform(context: StepContext, step: SetStep) -> JsonValue:
    """Evaluate all values, then assign them together: none sees the change of another.

    Raises:
        StepFailed: `ExpressionError`: a value can't be computed; no variable has changed.
    """
    values = {name: context.evaluate(value, f"set.{name}") for name, value in step.set.items()}
    context.run.assign(values)
    return values
