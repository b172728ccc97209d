"""How the parts of the machine that have steps inside call back into it: none imports it."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from dsl.expressions import JsonValue
from interpreter.program.model import Node
from interpreter.state.run import Run
from interpreter.state.scope import Scope


class RunSteps(Protocol):
    """Runs steps in order; the last one's result."""

    def __call__(
        self, run: Run, nodes: tuple[Node, ...], scope: Scope, /
    ) -> Coroutine[Any, Any, JsonValue]: ...


class Perform(Protocol):
    """Does what one step's action says, without its modifiers."""

    def __call__(self, run: Run, node: Node, scope: Scope, /) -> Coroutine[Any, Any, JsonValue]: ...


@dataclass(frozen=True, slots=True)
class Machine:
    """`interpreter.machine`, as seen from inside it."""

    run_steps: RunSteps
    perform: Perform
