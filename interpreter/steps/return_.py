"""`return`: end the whole run, successfully."""

from __future__ import annotations

from typing import NoReturn

from dsl.model import ReturnStep
from interpreter.state.context import StepContext
from interpreter.state.returned import Returned


async def perform(context: StepContext, step: ReturnStep) -> NoReturn:
    """End the run with a value.

    Raises:
        Returned: always, unless the value can't be computed.
        StepFailed: `ExpressionError`: the value can't be computed.
    """
    raise Returned(context.evaluate(step.return_, "return"))
