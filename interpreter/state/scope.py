"""What a step can see: the names of its expressions, and the scope that may cancel it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dsl.expressions import JsonValue
from interpreter.concurrency.cancel_scope import Stop


@dataclass(frozen=True, slots=True)
class Scope:
    """Immutable: a step hands a changed copy to what runs inside it."""

    names: Mapping[str, JsonValue]
    """Root name → data: `input`, and where they exist `item`, `error`, `result`, `step`, ..."""
    stop: Stop
    inside: tuple[str, ...] = ()
    """The paths of the blocks, branches and iterations around the step, outermost first."""
    frame: str = ""
    """The iteration around it: whose steps it sees."""
    can_hand_over: bool = True
    """Here the run may go on as a new one."""
    must_end: bool = False
    """What is done here is done at any cost: it cleans up."""

    def with_names(self, **names: JsonValue) -> Scope:
        names = {**self.names, **names}  # each step needs it, and `replace` takes five times as long
        return Scope(names, self.stop, self.inside, self.frame, self.can_hand_over, self.must_end)

    def for_step(self, key: str) -> Scope:
        """What a step sees of itself. In a compensation, where there is a `result`, `step` stays the undone one."""
        return self if "result" in self.names else self.with_names(step={"key": key})

    @property
    def key(self) -> str:
        """The idempotency key of the step; in a compensation, of the step that is undone."""
        step = self.names["step"]
        assert isinstance(step, dict)
        return str(step["key"])

    def with_stop(self, stop: Stop) -> Scope:
        return replace(self, stop=stop)

    def into(self, block: str) -> Scope:
        return replace(self, inside=(*self.inside, block))

    def in_frame(self, frame: str) -> Scope:
        return replace(self, frame=frame)

    def to_its_end(self) -> Scope:
        """For what must be done by this very run: the handling of an error."""
        return replace(self, can_hand_over=False)

    def apart(self) -> Scope:
        """For what no request to stop reaches any more."""
        return replace(self, stop=Stop(), can_hand_over=False, must_end=True)
