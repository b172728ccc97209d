"""`return`: end the whole run, successfully."""

from __future__ import annotations

from typing import NoReturn

from dsl.model import ReturnStep
from interpreter.program.model import Node
from interpreter.state.returned import Returned
from interpreter.state.run import Run
from interpreter.state.scope import Scope


def perform(run: Run, node: Node, step: ReturnStep, scope: Scope) -> NoReturn:
    """
    Raises:
        Returned: always, unless the value cannot be had.
        StepFailed: the value cannot be had.
    """
    raise Returned(run.evaluate(step.return_, scope, f"{node.path}: return"))
