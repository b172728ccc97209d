"""One iteration of a loop: the same steps once more, with progress, results and keys of their own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from interpreter.program.model import Node
from interpreter.state.journal import enter_iteration, leave_iteration
from interpreter.state.run import Run
from interpreter.state.scope import Scope


@dataclass(slots=True, eq=False)
class Iteration:
    """One iteration of one loop in one run."""

    run: Run
    loop: Node
    number: int
    key: str | None = None
    """The key of the item, for idempotency keys; without one it is the number."""
    body: tuple[Node, ...] = field(init=False)

    def __post_init__(self) -> None:
        frame, key_frame = f"{self.path}/", f"{self.key_path}/"
        self.body = tuple(node.in_frame(frame, key_frame) for node in self.loop.body)

    def with_key(self, key: str | None) -> Iteration:
        """Give the item of this iteration a key."""
        return self if key is None else replace(self, key=key)

    @property
    def path(self) -> str:
        """The path of the iteration; what is inside it has that in `Scope.inside`."""
        return f"{self.loop.path}[{self.number}]"

    @property
    def key_path(self) -> str:
        """The path of the iteration in idempotency keys."""
        return f"{self.loop.key_path}[{self.number if self.key is None else self.key}]"

    def enter(self, scope: Scope) -> Scope:
        """Begin the iteration, or go on with it.

        Returns:
            What its steps see.
        """
        frame = f"{self.path}/"
        enter_iteration(self.run, self.loop, frame, f"{self.key_path}/")
        return scope.enter(self.loop.path).enter(self.path).in_frame(frame)

    def leave(self) -> None:
        """End the iteration, if it has begun. Only what undoes it may still look at it."""
        leave_iteration(self.run, self.loop, f"{self.path}/", self.body)

    def as_node(self) -> Node:
        """The item as what has failed, for its dead letter."""
        here, key = self.path, self.key_path
        return replace(self.loop, path=here, frame=here, key_frame=key, dead_letter=None)
