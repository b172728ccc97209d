"""`set`: change variables."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import SetStep
from interpreter.program.model import Node
from interpreter.state.run import Run
from interpreter.state.scope import Scope


def perform(run: Run, node: Node, step: SetStep, scope: Scope) -> JsonValue:
    """Evaluate all values, then assign them together: none sees the change of another.

    Raises:
        StepFailed: a value cannot be had; no variable has changed.
    """
    values = {
        name: run.evaluate(value, scope, f"{node.path}: set.{name}") for name, value in step.set.items()
    }
    run.assign(values)
    return values
