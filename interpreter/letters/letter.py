"""What is known of one letter, as frozen data, and its codec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from interpreter.letters.orders import Order, Outcome, RedriveStart
from interpreter.letters.run_end import RunEnd
from interpreter.letters.status import LetterStatus
from interpreter.letters.summary import LetterSummary

LONGEST_MESSAGE = 300
"""Code points of the last error that a summary keeps."""

KEPT_OUTCOMES = 20
"""So many outcomes of orders are remembered. Part of replay, as is the next: never change them."""

KEPT_FAILURES = 50
"""So many failures are remembered, so that one that is told twice counts once."""


@dataclass(frozen=True, slots=True)
class Redrive:
    """A redrive that is under way."""

    order: str
    """The id of the order."""
    by: str
    start: RedriveStart
    workflow_id: str
    since: datetime
    failed_in_it: bool = False
    """Whether the run of the redrive itself has told that the effect has failed again."""
    overtaken: str | None = None
    """What has happened meanwhile elsewhere, so that the letter is not resolved even if the redrive succeeds."""
    is_needless: bool = False
    """Whether a run has done meanwhile what had failed, so that the letter is resolved even if the redrive fails."""

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "order": self.order,
            "by": self.by,
            "start": self.start.to_json(),
            "workflow_id": self.workflow_id,
            "since": self.since.isoformat(),
            "failed_in_it": self.failed_in_it,
            "overtaken": self.overtaken,
            "is_needless": self.is_needless,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Redrive:
        """Read it back."""
        return Redrive(
            data["order"],
            data["by"],
            RedriveStart.from_json(data["start"]),
            data["workflow_id"],
            datetime.fromisoformat(data["since"]),
            data["failed_in_it"],
            data["overtaken"],
            data.get("is_needless", False),
        )


@dataclass(frozen=True, slots=True)
class LetterState:
    """What is known of a letter. `transitions` makes the next state from one."""

    id: str
    record: Mapping[str, Any]
    """What the last run that has failed has written."""
    status: LetterStatus
    revision: int
    """Rises when something changes how a redrive must be made."""
    failures: int
    """How often the effect has failed for good, redrives included."""
    redrives: int
    """How many redrives have failed."""
    redrives_begun: int
    """How many redrives have begun, so that each has an id of its own."""
    first_failed_at: datetime
    last_failed_at: datetime
    error_type: str
    """The type of the last error."""
    error: str
    known_failures: tuple[str, ...]
    run_end: RunEnd | None = None
    """What the run that has written the record has told of its end."""
    redrive: Redrive | None = None
    moved_to: str | None = None
    """Where a letter is kept that has become poison; None: it has not."""
    outcomes: tuple[Outcome, ...] = ()

    @property
    def is_elsewhere(self) -> bool:
        """Whether the letter is kept under another id from now on."""
        return self.moved_to is not None and self.moved_to != self.id

    @property
    def is_undone(self) -> bool:
        """Whether the run that has written the record has undone something since."""
        return self.run_end is not None and bool(self.run_end.undone)

    @property
    def max_redrives(self) -> int | None:
        """After so many redrives in vain the letter is poison; None: never."""
        most: int | None = self.record.get("max_redrives")
        return most

    def find_outcome(self, order_id: str) -> Outcome | None:
        """What has become of an order; None if nothing is known of it."""
        return next((each for each in self.outcomes if each.order == order_id), None)

    def knows_order(self, order: Order) -> bool:
        """Whether an order has arrived before."""
        return self.find_outcome(order.id) is not None

    def to_json(self) -> dict[str, Any]:
        """Write all but the record as JSON: that is handed on beside it."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "status": self.status.value,
            "first_failed_at": self.first_failed_at.isoformat(),
            "last_failed_at": self.last_failed_at.isoformat(),
            "known_failures": list(self.known_failures),
            "run_end": None if self.run_end is None else self.run_end.to_json(),
            "redrive": None if self.redrive is None else self.redrive.to_json(),
            "outcomes": [each.to_json() for each in self.outcomes],
        }

    @staticmethod
    def from_json(letter_id: str, record: Mapping[str, Any], data: Mapping[str, Any]) -> LetterState:
        """Read it back.

        Args:
            letter_id: Where the letter is kept now.
            record: What was handed on beside it.
            data: What `to_json` has returned.
        """
        run_end, redrive = data["run_end"], data["redrive"]
        return LetterState(
            id=letter_id,
            record=record,
            **{name: data[name] for name in _PLAIN},
            status=LetterStatus(data["status"]),
            first_failed_at=datetime.fromisoformat(data["first_failed_at"]),
            last_failed_at=datetime.fromisoformat(data["last_failed_at"]),
            known_failures=tuple(data["known_failures"]),
            run_end=None if run_end is None else RunEnd.from_json(run_end),
            redrive=None if redrive is None else Redrive.from_json(redrive),
            outcomes=tuple(Outcome.from_json(each) for each in data["outcomes"]),
        )

    def summarize(self) -> LetterSummary:
        """Tell it in short."""
        record, definition = self.record, self.record["definition"]
        return LetterSummary(
            id=self.id,
            queue=record["queue"],
            key=record["key"],
            status=self.status,
            revision=self.revision,
            definition=definition["name"],
            version=definition["version"],
            step=record["step"],
            workflow_id=record["workflow_id"],
            run_id=record["run_id"],
            error_type=self.error_type,
            error=self.error,
            failures=self.failures,
            redrives=self.redrives,
            first_failed_at=self.first_failed_at,
            last_failed_at=self.last_failed_at,
            undone=self.is_undone,
            redrive_id=None if self.redrive is None else self.redrive.workflow_id,
            moved_to=self.moved_to if self.is_elsewhere else None,
            outcomes=self.outcomes,
        )


_PLAIN = ("revision", "failures", "redrives", "redrives_begun", "error_type", "error", "moved_to")
