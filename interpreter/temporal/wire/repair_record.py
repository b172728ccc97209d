"""What the memo of a run tells, if it was started to repair another one: who has done so, how, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

REPAIR_KEY = "repair"
"""The key in the memo."""


@dataclass(frozen=True, slots=True)
class RepairRecord:
    """A run was started again, or resumed."""

    how: Literal["retry", "resume"]
    run_id: str
    """The run that had ended."""
    by: str
    """The identity of the client."""
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Write it as plain data."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> RepairRecord:
        """Read it back."""
        return RepairRecord(data["how"], data["run_id"], data["by"], data["reason"])

    def describe(self) -> str:
        """Say it in words."""
        how = "resumed" if self.how == "resume" else "started again"
        return f"{how} by {self.by}{f': {self.reason}' if self.reason else ''}"
