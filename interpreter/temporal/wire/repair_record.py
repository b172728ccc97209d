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
    parent: str | None = None
    """The workflow id of the run whose child the ended run was. The new run is nobody's child."""

    def to_json(self) -> dict[str, Any]:
        """Write it as plain data."""
        return {name: value for name, value in asdict(self).items() if name != "parent" or value is not None}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> RepairRecord:
        """Read it back."""
        return RepairRecord(data["how"], data["run_id"], data["by"], data["reason"], data.get("parent"))

    def describe(self) -> str:
        """Say it in words."""
        how = "resumed" if self.how == "resume" else "started again"
        return f"{how} by {self.by}{f': {self.reason}' if self.reason else ''}"


def read_parent(parent_id: str | None, memo: Mapping[str, Any]) -> str | None:
    """Read whose child a run is, or was before it was repaired by itself.

    Args:
        parent_id: What the server tells.
        memo: That of the run.
    """
    if parent_id is not None:
        return parent_id
    parent: str | None = memo.get(REPAIR_KEY, {}).get("parent")
    return parent
