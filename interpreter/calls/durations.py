"""How long the timers of the workflow run: what the definition says, or its expressions yield."""

from __future__ import annotations

from datetime import datetime, timedelta

from dsl.expressions import ExprError, Template
from dsl.problems.wording import describe
from dsl.scalars.duration import EXAMPLES, parse_duration
from dsl.scalars.time import EXAMPLE, parse_time
from interpreter.failure.failure import expression_error
from interpreter.state.context import StepContext


def evaluate_duration(context: StepContext, said: timedelta | Template, part: str) -> timedelta:
    """Compute how long a timer runs.

    Raises:
        StepFailed: the expression yields no duration.
    """
    if not isinstance(said, Template):
        return said
    value = context.evaluate(said, part)
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except ValueError:
        hint = f"for example {', '.join(EXAMPLES)}"
        error = ExprError("unusable-value", f"expected a duration, found {describe(value)}", hint=hint)
        raise expression_error(error, context.name_part(part)) from None


def evaluate_time(context: StepContext, said: datetime | Template, part: str) -> datetime:
    """Compute until when a timer runs.

    Raises:
        StepFailed: the expression yields no time.
    """
    if not isinstance(said, Template):
        return said
    value = context.evaluate(said, part)
    try:
        return parse_time(value if isinstance(value, str) else "")
    except ValueError:
        hint = f"for example {EXAMPLE}"
        error = ExprError("unusable-value", f"expected a time, found {describe(value)}", hint=hint)
        raise expression_error(error, context.name_part(part)) from None
