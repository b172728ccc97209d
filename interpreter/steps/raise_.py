"""`raise`: fail with an error of one's own."""

from __future__ import annotations

from typing import NoReturn

from dsl.expressions import ExprError, JsonValue, Template
from dsl.model import RaiseStep
from dsl.problems.wording import found
from interpreter.failure.failure import Failure, StepFailed, expression_failed
from interpreter.program.model import Node
from interpreter.state.run import Run
from interpreter.state.scope import Scope


def perform(run: Run, node: Node, step: RaiseStep, scope: Scope) -> NoReturn:
    """
    Raises:
        StepFailed: always.
    """
    raised = step.raise_
    what = f"{node.path}: raise"
    error_type = _text(run, raised.type, scope, f"{what}.type")
    message = error_type if raised.message is None else _text(run, raised.message, scope, f"{what}.message")
    details: JsonValue = None
    if raised.details is not None:
        details = run.evaluate(raised.details, scope, f"{what}.details")
    raise StepFailed(Failure(error_type, message, details, non_retryable=raised.non_retryable))


def _text(run: Run, template: Template, scope: Scope, what: str) -> str:
    value = run.evaluate(template, scope, what)
    if not isinstance(value, str):
        raise expression_failed(ExprError("E_TYPE", f"expected text, found {found(value)}"), what)
    return value
