"""Ids of other workflows, of which a definition can compute every part."""

from __future__ import annotations

from dsl.expressions import ExprError, JsonValue
from dsl.problems.wording import describe
from dsl.scalars.text import is_sendable
from interpreter.failure.failure import expression_error
from interpreter.state.context import StepContext

LONGEST_ID = 1000
"""Bytes: Temporal's limit."""


def check_workflow_id(context: StepContext, value: JsonValue, part: str) -> str:
    """Return an id that a server takes. With another one it would refuse the whole workflow task, again and again.

    Args:
        context: The step.
        value: What its expression yields.
        part: The key of the step that has the expression.

    Raises:
        StepFailed: it is no such id.
    """
    if isinstance(value, str) and is_sendable(value) and 0 < len(value.encode()) <= LONGEST_ID:
        return value
    error = ExprError("unusable-value", f"expected 1 to {LONGEST_ID} bytes of text, found {describe(value)}")
    raise expression_error(error, context.name_part(part))
