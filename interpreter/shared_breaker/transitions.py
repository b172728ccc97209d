"""Remember what has changed the state of a shared breaker, and how its calls went."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_TRANSITIONS = 20
"""So many of the last ones are kept."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state."""

    at: str
    before: str
    after: str
    cause: str
    by: str | None = None
    """Who has ordered it; None if nobody has."""


@dataclass(slots=True)
class Counters:
    """How many calls the group has heard of. A healthy breaker hears of none."""

    successes: int = 0
    failures: int = 0
    ignored: int = 0
    """They began before the last change of state, or their permit had ended."""
    probes: int = 0
    """Permits that were given."""
    lost_probes: int = 0
    """Nobody has brought their permit back in time."""
    transitions: int = 0


@dataclass(slots=True)
class Record:
    """The past of one breaker."""

    transitions: deque[Transition] = field(default_factory=lambda: deque(maxlen=MOST_TRANSITIONS))
    counters: Counters = field(default_factory=Counters)

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "transitions": [asdict(each) for each in self.transitions],
            "counters": asdict(self.counters),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Record:
        """Read it back."""
        past = Record(counters=Counters(**data["counters"]))
        past.transitions.extend(Transition(**each) for each in data["transitions"])
        return past
