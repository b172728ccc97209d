"""What a step can see: the names of its expressions, and the scope that may cancel it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dsl.expressions import JsonValue
from interpreter.stop import Stop


@dataclass(frozen=True, slots=True)
class Scope:
    """Immutable: a step hands a changed copy to what runs inside it."""

    names: Mapping[str, JsonValue]
    """Root name → data: `input`, `vars`, `steps`, and where they exist `error`, `result`, `step`."""
    stop: Stop
    inside: tuple[str, ...] = ()
    """The blocks around the step, outermost first."""

    def with_names(self, **names: JsonValue) -> Scope:
        return Scope({**self.names, **names}, self.stop, self.inside)

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
        return Scope(self.names, stop, self.inside)

    def into(self, block: str) -> Scope:
        return Scope(self.names, self.stop, (*self.inside, block))
