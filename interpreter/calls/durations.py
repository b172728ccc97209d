"""How long the timers of the workflow run: what the definition says, or its expressions yield."""

from __future__ import annotations

from datetime import datetime, timedelta

from dsl.expressions import ExprError, Template
from dsl.problems.wording import found
from dsl.scalars.duration import EXAMPLES, parse_duration
from dsl.scalars.time import EXAMPLE, parse_time
from interpreter.failure.failure import expression_failed
from interpreter.state.run import Run
from interpreter.state.scope import Scope


def duration(run: Run, said: timedelta | Template, scope: Scope, what: str) -> timedelta:
    """How long.

    Raises:
        StepFailed: the expression yields no duration.
    """
    if not isinstance(said, Template):
        return said
    value = run.evaluate(said, scope, what)
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except ValueError:
        hint = f"for example {', '.join(EXAMPLES)}"
        error = ExprError("E_VALUE", f"expected a duration, found {found(value)}", hint=hint)
        raise expression_failed(error, what) from None


def point_in_time(run: Run, said: datetime | Template, scope: Scope, what: str) -> datetime:
    """Until when.

    Raises:
        StepFailed: the expression yields no time.
    """
    if not isinstance(said, Template):
        return said
    value = run.evaluate(said, scope, what)
    try:
        return parse_time(value if isinstance(value, str) else "")
    except ValueError:
        hint = f"for example {EXAMPLE}"
        error = ExprError("E_VALUE", f"expected a time, found {found(value)}", hint=hint)
        raise expression_failed(error, what) from None
