"""Task queues that a definition computes: that of a single worker is known only when it has told it."""

from __future__ import annotations

from dsl.expressions import ExprError, Template
from dsl.model.values import is_word
from dsl.problems.wording import describe
from dsl.scalars.text import is_sendable
from interpreter.failure.failure import expression_error
from interpreter.state.context import StepContext


def evaluate_task_queue(context: StepContext, said: str | Template | None) -> str | None:
    """Compute the name of a task queue; None stands for that of the workflow.

    Raises:
        StepFailed: the expression yields no name.
    """
    if not isinstance(said, Template):
        return said
    value = context.evaluate(said, "task_queue")
    if isinstance(value, str) and is_word(value) and is_sendable(value):
        return value
    error = ExprError("unusable-value", f"expected the name of a task queue, found {describe(value)}")
    raise expression_error(error, context.name_part("task_queue"))
