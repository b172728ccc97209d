"""Count what shared circuit breakers do on this worker."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum


class BreakerCount(Enum):
    """What is counted."""

    PERMITTED = "permitted"
    REJECTED = "rejected"
    IGNORED = "ignored"
    """Results of calls that began before the last change of state."""
    UNREACHABLE = "unreachable"
    """Calls that were let through, or reports that were kept, because the entity did not answer."""
    RPCS = "rpcs"
    """What was said to the entity."""
    TRANSITIONS = "transitions"
    """Changes of state that this worker has seen."""


@dataclass(slots=True)
class BreakerCounters:
    """The counters of one name."""

    numbers: Counter[BreakerCount] = field(default_factory=Counter[BreakerCount])

    def count(self, what: BreakerCount) -> None:
        """Count one more."""
        self.numbers[what] += 1
