"""One iteration of a loop: the same steps once more, with progress, results and keys of their own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from interpreter.program.model import Node
from interpreter.state.run import Run
from interpreter.state.scope import Scope


@dataclass(slots=True, eq=False)
class Iteration:
    """Of one loop in one run."""

    run: Run
    loop: Node
    number: int
    name: str | None = None
    """Of the item, in idempotency keys."""
    body: tuple[Node, ...] = field(init=False)

    def __post_init__(self) -> None:
        frame, key_frame = f"{self.path}/", f"{self.key_path}/"
        self.body = tuple(node.in_frame(frame, key_frame) for node in self.loop.body)

    def named(self, name: str | None) -> Iteration:
        return self if name is None else replace(self, name=name)

    @property
    def path(self) -> str:
        """What is inside it says so: see `Scope.inside`."""
        return f"{self.loop.path}[{self.number}]"

    @property
    def key_path(self) -> str:
        return f"{self.loop.key_path}[{self.number if self.name is None else self.name}]"

    def enter(self, scope: Scope) -> Scope:
        """Begin it, or go on with it; what its steps see."""
        frame = f"{self.path}/"
        self.run.enter(self.loop, frame, f"{self.key_path}/")
        return scope.into(self.loop.path).into(self.path).in_frame(frame)

    def leave(self) -> None:
        """It is over: only what undoes it may still look at it."""
        self.run.leave(self.loop, f"{self.path}/", self.body)

    def as_node(self) -> Node:
        """The item as what has failed, for its dead letter."""
        here, key = self.path, self.key_path
        return replace(self.loop, path=here, frame=here, key_frame=key, dead_letter=None)
