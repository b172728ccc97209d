"""`raise`: fail with an error of one's own."""

from __future__ import annotations

from typing import NoReturn

from dsl.expressions import ExprError, JsonValue, Template
from dsl.model import RaiseStep
from dsl.problems.wording import describe
from interpreter.failure.failure import Failure, StepFailed, expression_error
from interpreter.state.context import StepContext


async def perform(context: StepContext, step: RaiseStep) -> NoReturn:
    """Evaluate the parts of the error, and raise it.

    Raises:
        StepFailed: always.
    """
    raised = step.raise_
    error_type = _evaluate_text(context, raised.type, "raise.type")
    message = error_type
    if raised.message is not None:
        message = _evaluate_text(context, raised.message, "raise.message")
    details: JsonValue = None
    if raised.details is not None:
        details = context.evaluate(raised.details, "raise.details")
    raise StepFailed(Failure(error_type, message, details, non_retryable=raised.non_retryable))


def _evaluate_text(context: StepContext, template: Template, part: str) -> str:
    value = context.evaluate(template, part)
    if not isinstance(value, str):
        error = ExprError("type-mismatch", f"expected text, found {describe(value)}")
        raise expression_error(error, context.name_part(part))
    return value
