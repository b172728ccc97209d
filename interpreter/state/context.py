"""One step on its way through the machine, and how its parts call back into the machine: none imports it."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from dsl.expressions import JsonValue, Template
from interpreter.program.model import Node
from interpreter.state.evaluator import evaluate, evaluate_condition
from interpreter.state.progress import StepProgress
from interpreter.state.run import Run
from interpreter.state.scope import Scope


class RunSteps(Protocol):
    """Runs steps in order; the result is the last one's."""

    def __call__(
        self, run: Run, nodes: tuple[Node, ...], scope: Scope, /
    ) -> Coroutine[Any, Any, JsonValue]: ...


class Perform(Protocol):
    """Does what one step's action says, without its modifiers."""

    def __call__(self, context: StepContext, /) -> Coroutine[Any, Any, JsonValue]: ...


@dataclass(frozen=True, slots=True)
class Machine:
    """`interpreter.machine`, as seen from inside it."""

    run_steps: RunSteps
    perform: Perform


@dataclass(frozen=True, slots=True)
class StepContext:
    """One step in one run: what it is, what it sees, and who runs the steps inside it."""

    run: Run
    node: Node
    scope: Scope
    machine: Machine

    @property
    def progress(self) -> StepProgress:
        """How far the step has come."""
        return self.run.progress.of(self.node.path)

    def with_scope(self, scope: Scope) -> StepContext:
        """Let the step see something else."""
        if scope is self.scope:  # most steps have no deadline
            return self
        return StepContext(self.run, self.node, scope, self.machine)

    def name_part(self, part: str) -> str:
        """Name a part of the step, for messages: `charge: retry`."""
        return f"{self.node.path}: {part}"

    def evaluate(self, template: Template, part: str, scope: Scope | None = None) -> JsonValue:
        """Compute the value of an expression of the step.

        Args:
            template: The expression.
            part: The key of the step under which it stands, for the message.
            scope: What it sees; without it, what the step sees.

        Raises:
            StepFailed: `ExpressionError`: the expression has no value.
        """
        return evaluate(self.run, template, scope or self.scope, self.name_part(part))

    def evaluate_condition(self, template: Template | None, part: str, scope: Scope | None = None) -> bool:
        """Compute an expression of the step that must be true or false; it counts as true when there is none.

        Raises:
            StepFailed: `ExpressionError`: the expression has no value, or one that is neither true nor false.
        """
        return evaluate_condition(self.run, template, scope or self.scope, self.name_part(part))

    async def run_steps(self, nodes: tuple[Node, ...], scope: Scope) -> JsonValue:
        """Run the steps inside this one, in order; the result is the last one's."""
        return await self.machine.run_steps(self.run, nodes, scope)
