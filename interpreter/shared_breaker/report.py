"""Tell the group how calls went: in the order in which they ended, equal ones together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from dsl.model import CircuitBreaker
from interpreter.state.breaker import is_slow

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

    @staticmethod
    def of(settings: CircuitBreaker, failed: bool, took: timedelta) -> CallResult:
        """How a call went that says something about the service."""
        slow = is_slow(settings, took)
        if failed:
            return CallResult.SLOW_FAILURE if slow else CallResult.FAILURE
        return CallResult.SLOW_SUCCESS if slow else CallResult.SUCCESS

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

    def drop(self, is_stale: Callable[[str, Entry], bool]) -> int:
        """Leave out what need not be told; how many calls that were."""
        kept = {
            key: [entry for entry in told if not is_stale(key, entry)] for key, told in self.entries.items()
        }
        before, after = (_count(each) for each in (self.entries, kept))
        self.entries = {key: told for key, told in kept.items() if told}
        return before - after

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {key: [each.to_json() for each in told] for key, told in self.entries.items()}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Report:
        """Read it back."""
        return Report({key: [Entry.from_json(each) for each in told] for key, told in data.items()})


def _count(entries: Mapping[str, list[Entry]]) -> int:
    return sum(entry.number for told in entries.values() for entry in told)
