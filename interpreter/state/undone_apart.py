"""What runs beside this one have undone, which began as this one has: it is counted with what this run undoes itself.

When a run is reset, the new run begins with a part of what the old one has done. Both number their keys alike, so
their counts must not be added up: what both have undone is one undoing of one effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class UndoneApartCounts:
    """Path in idempotency keys → how often the effect of a step was undone by runs beside this one."""

    skipped: dict[str, int] = field(default_factory=dict)
    """How many effects of each step that this run has not begun it has no part in. Its own come after them."""
    known: dict[str, int] = field(default_factory=dict)
    """How many effects of each step were undone in all that this run has done, or undoes now. When it undoes such a
    step, that effect is among them."""

    def export_state(self) -> dict[str, dict[str, int]]:
        """Write it down for the next run; empty if there is nothing."""
        counts = {"skipped": self.skipped, "known": self.known}
        return {name: count for name, count in counts.items() if count}
