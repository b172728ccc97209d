"""The plan of a resumed run: what becomes of each step, and why the run can't be resumed, if it can't."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from dsl.expressions import JsonValue
from interpreter.snapshot import State

Action = Literal["keep", "go_on", "run_again", "run_anew", "not_reached"]
"""`keep`: it is over, and is not done again. `go_on`: a block around a step that runs. `run_again`: with the same
key. `run_anew`: its effect, or one inside it, was undone, and gets the next key. `not_reached`: it runs for the first
time."""


_COUNTED: dict[Action, tuple[str, str]] = {
    "keep": ("step is kept", "steps are kept"),
    "run_again": ("step runs again", "steps run again"),
    "run_anew": ("step runs again with a new key", "steps run again with new keys"),
    "not_reached": ("step runs for the first time", "steps run for the first time"),
}
"""What becomes of one step, and of several."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """What becomes of one step."""

    step: str
    """Its path."""
    kind: str
    action: Action
    was: str
    """What it was in the run that has ended: `completed`, `failed`, ..."""
    key: str | None
    """The idempotency key of a call; None for other steps."""
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Write it as plain data."""
        return {name: getattr(self, name) for name in ("step", "kind", "action", "was", "key", "why")}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a resumed run will do."""

    steps: list[PlannedStep] = field(default_factory=list[PlannedStep])
    """In the order of the definition; what is inside a block follows it."""
    refused: list[str] = field(default_factory=list[str])
    """Why the run can't be resumed; empty if it can."""
    notes: list[str] = field(default_factory=list[str])
    """What whoever resumes it should know."""
    state: State | None = None
    """The state to go on from; None if it is refused."""
    input: JsonValue = None
    """The input to go on with."""

    @property
    def summary(self) -> str:
        """Say in one line what it does, or why it is refused."""
        if self.refused:
            more = len(self.refused) - 1
            return f"refused: {self.refused[0]}{f' (and {more} more)' if more else ''}"
        counted = Counter(step.action for step in self.steps)
        return ", ".join(
            f"{number} {one if number == 1 else several}"
            for action, (one, several) in _COUNTED.items()
            if (number := counted[action])
        )

    def to_json(self) -> dict[str, Any]:
        """Write it as plain data, without the state, which may hold secrets."""
        steps = [step.to_json() for step in self.steps]
        return {"steps": steps, "refused": self.refused, "notes": self.notes}
