"""What a drill has shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

SPAN = 3
"""The peak after the recovery is taken over so many seconds."""


@dataclass(frozen=True)
class Drill:
    """One drill: when the service was down, and the calls that have reached it."""

    down_at: float
    up_at: float
    calls: list[tuple[float, bool]]
    """When a call came, and whether the service was up."""
    runs: int
    events: list[int]
    """How long the history of each run is."""

    def summarize(self) -> Seconds:
        """What a plot shows of it."""
        calls = Counter(int((at - self.down_at) // 1) for at, _ in self.calls)
        return Seconds(round(self.up_at - self.down_at), calls)


@dataclass(frozen=True)
class Seconds:
    """How many calls came in each second."""

    down: int
    """For how many seconds the service was down."""
    calls: Counter[int]
    """Second, counted from the beginning of the outage → number of calls."""

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {"down": self.down, "calls": sorted(self.calls.items())}

    @staticmethod
    def from_json(data: Any) -> Seconds:
        """Read it back."""
        return Seconds(data["down"], Counter(dict(data["calls"])))


def measure(drill: Drill, rate: int) -> dict[str, Any]:
    """The numbers of a drill.

    Args:
        drill: What has happened.
        rate: How many runs began in a second.
    """
    failed = sum(not up for _, up in drill.calls)
    after = sorted(at for at, up in drill.calls if up and at >= drill.up_at)
    peak = max((sum(at <= each < at + SPAN for each in after) for at in after), default=0)
    return {
        "runs": drill.runs,
        "calls while it is down": failed,
        "offered while it is down": round((drill.up_at - drill.down_at) * rate),
        "seconds until the first call gets through": round(after[0] - drill.up_at, 1) if after else None,
        f"peak over {SPAN} s after it": peak,
        "that is times the normal rate": round(peak / (SPAN * rate), 2),
        "seconds until the last run has got through": round(after[-1] - drill.up_at, 1) if after else None,
        "most events of a run": max(drill.events),
    }
