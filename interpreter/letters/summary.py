"""A letter in short, as a list shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dsl.scalars.time import format_time
from interpreter.letters.orders import Outcome
from interpreter.letters.status import LetterStatus


@dataclass(frozen=True, slots=True)
class LetterSummary:
    """What a list shows of one letter."""

    id: str
    queue: str
    key: str
    """Names the effect: `<workflow id>/<step path in keys>`."""
    status: LetterStatus
    revision: int
    """Rises when something changes how a redrive must be made: a failure, or the end of the run."""
    definition: str
    version: str | None
    step: str
    workflow_id: str
    """The run that has failed."""
    run_id: str
    error_type: str
    error: str
    """The message of the last error, shortened."""
    failures: int
    """How often the effect has failed for good, redrives included."""
    redrives: int
    """How many redrives have failed."""
    first_failed_at: datetime
    last_failed_at: datetime
    undone: bool
    """Whether its run has undone something since: then only the whole run can be redriven."""
    redrive_id: str | None = None
    """The workflow id of the redrive that is under way."""
    outcomes: tuple[Outcome, ...] = ()
    """What has become of the last orders, oldest first."""

    def find_outcome(self, order_id: str) -> Outcome | None:
        """What has become of an order; None if nothing is known of it."""
        return next((each for each in self.outcomes if each.order == order_id), None)

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {
            **plain,
            "status": self.status.value,
            "first_failed_at": format_time(self.first_failed_at),
            "last_failed_at": format_time(self.last_failed_at),
            "outcomes": [each.to_json() for each in self.outcomes],
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> LetterSummary:
        """Read it back."""
        return LetterSummary(
            **{name: data[name] for name in _PLAIN},
            status=LetterStatus(data["status"]),
            first_failed_at=datetime.fromisoformat(data["first_failed_at"]),
            last_failed_at=datetime.fromisoformat(data["last_failed_at"]),
            outcomes=tuple(Outcome.from_json(each) for each in data["outcomes"]),
        )


_PLAIN = (
    *("id", "queue", "key", "revision", "definition", "version", "step", "workflow_id", "run_id"),
    *("error_type", "error", "failures", "redrives", "undone", "redrive_id"),
)
