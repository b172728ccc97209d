"""The children that a run has started, as far as the steps of some may run again: then one may stand already.

A block with a `retry` runs its steps again, and so does a whole run. A child that was undone has the next key then.
So if a child begins under a key that was used before, what the one before it has done may stand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

MOST = 2_000
"""So many keys are remembered. Part of replay: never change it."""

WHOLE_RUN = ""
"""Stands for the whole run where the path of a block is meant."""


@dataclass(slots=True)
class StartedChildren:
    """Which keys were used, of steps that may run again."""

    keys: dict[str, str] = field(default_factory=dict[str, str])
    """Idempotency key of a step → the path of the outermost block that may run it again."""
    is_incomplete: bool = False
    """Whether there were more than are remembered."""
    is_unknown: bool = False
    """Whether some of those were started in an earlier attempt, so that any child may stand."""

    _blocks: set[str] = field(init=False, compare=False)
    """The blocks of these keys."""

    def __post_init__(self) -> None:
        self._blocks = {*self.keys.values()}

    def may_stand(self, key: str) -> bool:
        """Whether a child that begins under a key may have had one before it in an earlier attempt."""
        return key in self.keys or self.is_unknown

    def note(self, key: str, block: str) -> None:
        """Note that a child begins.

        Args:
            key: The idempotency key of its step.
            block: The path of the outermost block that may run the step again.
        """
        if key in self.keys:
            return
        if len(self.keys) < MOST:
            self.keys[key] = block
            self._blocks.add(block)
        else:
            self.is_incomplete = True

    def begin_again(self) -> None:
        """Note that a block, or the run, runs its steps again."""
        self.is_unknown |= self.is_incomplete

    def leave(self, block: str) -> None:
        """Forget what was started inside a block that is over."""
        if block in self._blocks:  # not for each small block inside a large one
            self._blocks.remove(block)
            self.keys = {key: outermost for key, outermost in self.keys.items() if outermost != block}

    def export_state(self) -> dict[str, Any]:
        """Write it down for the next run; empty if there is nothing."""
        told = {"keys": self.keys, "is_incomplete": self.is_incomplete, "is_unknown": self.is_unknown}
        return {name: value for name, value in told.items() if value}

    @staticmethod
    def of_earlier_attempt(keys: Iterable[str], *, is_incomplete: bool) -> StartedChildren:
        """What an attempt of the whole run knows of those before it."""
        return StartedChildren(dict.fromkeys(keys, WHOLE_RUN), is_incomplete, is_incomplete)
