"""Tell the group how calls went: in the order in which they ended, equal ones together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

MOST_ENTRIES = 500
"""A report holds no more: the oldest go first. So a worker that can't report does not collect without bound."""


class CallResult(Enum):
    """How a call went, for the breaker."""

    SUCCESS = "success"
    SLOW_SUCCESS = "slow_success"
    FAILURE = "failure"
    SLOW_FAILURE = "slow_failure"
    NOTHING = "nothing"
    """It says nothing about the service."""

    @property
    def failed(self) -> bool:
        """Whether the call has failed."""
        return self in (CallResult.FAILURE, CallResult.SLOW_FAILURE)

    @property
    def slow(self) -> bool:
        """Whether the call took longer than `slow_call_duration_threshold`."""
        return self in (CallResult.SLOW_SUCCESS, CallResult.SLOW_FAILURE)

    @property
    def troubles(self) -> bool:
        """Whether the group must be told of it at once."""
        return self.failed or self.slow


@dataclass(frozen=True, slots=True)
class Entry:
    """So many calls of one generation that went alike, one after the other; or one probe."""

    generation: int
    result: CallResult
    number: int = 1
    permit: str | None = None
    """The id of the permit of a probe."""

    def to_json(self) -> list[Any]:
        """Write it as JSON."""
        return [self.generation, self.result.value, self.number, self.permit]

    @staticmethod
    def from_json(data: Iterable[Any]) -> Entry:
        """Read it back."""
        generation, result, number, permit = data
        return Entry(generation, CallResult(result), number, permit)


@dataclass(slots=True)
class Report:
    """What one worker has to tell about the breakers of one name."""

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    """Key → how its calls went."""
    left_out: int = 0
    """How many calls were left out, because there were too many entries."""

    def __bool__(self) -> bool:
        return bool(self.entries)

    def add(self, key: str, entry: Entry) -> None:
        """Add what happened after all the rest."""
        told = self.entries.setdefault(key, [])
        last = told[-1] if told else None
        alike = last is not None and last.permit is None and entry.permit is None
        if last is not None and alike and (last.generation, last.result) == (entry.generation, entry.result):
            told[-1] = Entry(entry.generation, entry.result, last.number + entry.number)
            return
        told.append(entry)
        if len(told) > MOST_ENTRIES:
            self.left_out += told.pop(0).number

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {key: [each.to_json() for each in told] for key, told in self.entries.items()}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Report:
        """Read it back."""
        return Report({key: [Entry.from_json(each) for each in told] for key, told in data.items()})
