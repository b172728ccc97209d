"""Task queues that a definition computes: that of a single worker is known only when it has told it."""

from __future__ import annotations

from dsl.expressions import ExprError, Template
from dsl.model.values import is_word
from dsl.problems.wording import found
from interpreter.failure.failure import expression_failed
from interpreter.state.run import Run
from interpreter.state.scope import Scope


def task_queue(run: Run, said: str | Template | None, scope: Scope, what: str) -> str | None:
    """The name of the queue; None for that of the workflow.

    Raises:
        StepFailed: the expression yields no name.
    """
    if not isinstance(said, Template):
        return said
    value = run.evaluate(said, scope, f"{what}: task_queue")
    if is_word(value):
        return str(value)
    error = ExprError("E_VALUE", f"expected the name of a task queue, found {found(value)}")
    raise expression_failed(error, f"{what}: task_queue")
