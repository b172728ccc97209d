"""What a step can see, and what may cancel it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dsl.expressions import JsonValue
from interpreter.concurrency.cancel_scope import CancelScope


class Scope(NamedTuple):
    """Immutable: a step hands a changed copy to what runs inside it. To copy a tuple takes a fifth of the time."""

    names: Mapping[str, JsonValue]
    """Root name → data: `input`, and where they exist `item`, `error`, `result`, `step`, ..."""
    cancel_scope: CancelScope
    inside: tuple[str, ...] = ()
    """The paths of the blocks, branches and iterations around the step, outermost first."""
    frame: str = ""
    """The iteration around the step, whose steps it sees."""
    can_continue_as_new: bool = True
    """Whether the run may continue as new here."""
    must_finish: bool = False
    """Whether the work here is done at any cost, because it cleans up."""

    def with_names(self, **names: JsonValue) -> Scope:
        """Add names to what is seen."""
        return self._replace(names={**self.names, **names})

    def for_step(self, key: str) -> Scope:
        """What a step sees of itself. In a compensation, where there is a `result`, `step` stays the undone one."""
        return self if "result" in self.names else self.with_names(step={"key": key})

    @property
    def key(self) -> str:
        """The idempotency key of the step; in a compensation, of the step that is undone."""
        step = self.names["step"]
        assert isinstance(step, dict)
        return str(step["key"])

    def with_cancel_scope(self, cancel_scope: CancelScope) -> Scope:
        """Let something else cancel what happens here."""
        return self._replace(cancel_scope=cancel_scope)

    def enter(self, block: str) -> Scope:
        """What is seen inside a block, a branch or an iteration with this path."""
        return self._replace(inside=(*self.inside, block))

    def in_frame(self, frame: str) -> Scope:
        """What is seen inside an iteration."""
        return self._replace(frame=frame)

    def finish_here(self) -> Scope:
        """Demand that this very run does what follows: the handling of an error."""
        return self._replace(can_continue_as_new=False)

    def detach(self) -> Scope:
        """Demand that what follows is done, whoever asks the run to stop."""
        return self._replace(cancel_scope=CancelScope(), can_continue_as_new=False, must_finish=True)
