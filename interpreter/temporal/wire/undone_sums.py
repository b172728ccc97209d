"""What a run that was reset asks its worker, and the answer: what other runs of its workflow id have undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from interpreter.effects import UndoneRecord
from interpreter.predecessor import Predecessor
from interpreter.temporal.wire.undone_records import decode_record, encode_record

FIND_UNDONE = "stepfile.find_undone"
"""Name of the built-in activity. It is part of histories: never change it."""


@dataclass(frozen=True, slots=True)
class UndoneSums:
    """What the runs of one workflow id have undone, those that are no part of a reset run included."""

    steps: Mapping[str, UndoneRecord] = field(default_factory=dict[str, UndoneRecord])
    """Path in idempotency keys → what is known of the effect, counted as the memo of the run that asks counts."""
    runs: tuple[str, ...] = ()
    """The ids of the runs that tell of something undone."""
    unknown: str | None = None
    """Why not all of it can be known; None if it is known."""
    children: Mapping[str, Predecessor] = field(default_factory=dict[str, Predecessor])
    """Workflow id → what was undone, of the children of these runs."""

    def to_json(self) -> dict[str, Any]:
        """Write it as the result of the activity."""
        return {
            "steps": {path: encode_record(record) for path, record in self.steps.items()},
            "runs": list(self.runs),
            **({"unknown": self.unknown} if self.unknown is not None else {}),
            **({"children": children} if (children := self._write_children()) else {}),
        }

    @staticmethod
    def of(data: Mapping[str, Any]) -> UndoneSums:
        """Read it back."""
        steps = cast("Mapping[str, Mapping[str, Any]]", data["steps"])
        return UndoneSums(
            {path: decode_record(record) for path, record in steps.items()},
            tuple(data["runs"]),
            data.get("unknown"),
            {child: Predecessor.from_json(each) for child, each in data.get("children", {}).items()},
        )

    def _write_children(self) -> dict[str, Any]:
        return {child: each.to_json() for child, each in self.children.items()}
