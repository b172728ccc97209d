"""What the memo of a run tells, if it was started to repair another one: who has done so, how, and why."""

from __future__ import annotations

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
