"""What a run that has ended tells its letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dsl.scalars.json_value import JsonValue


@dataclass(frozen=True, slots=True)
class RunEnd:
    """A run has ended failed or cancelled, and has undone what it could."""

    run_id: str
    status: str
    """`failed` or `cancelled`."""
    undone: Mapping[str, int] = field(default_factory=dict[str, int])
    """Path in idempotency keys → how often the effect was undone, in this run alone. Empty: nothing was undone."""
    input: JsonValue = None
    """The input of the run, without what must be hidden. The record of a letter may hold a part of it only."""
    hidden: tuple[str, ...] = ()
    """What is missing in `input`, such as `input.card`."""

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "run_id": self.run_id,
            "status": self.status,
            "undone": dict(self.undone),
            "input": self.input,
            "hidden": list(self.hidden),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> RunEnd:
        """Read it back."""
        return RunEnd(data["run_id"], data["status"], data["undone"], data["input"], tuple(data["hidden"]))
