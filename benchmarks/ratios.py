"""Many noisy numbers as one, with its spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of measurements and the quartiles around it."""

    median: float
    low: float
    high: float

    def shown(self, digits: int) -> str:
        """As in `1.02 (0.98 to 1.07)`."""
        return f"{self.median:,.{digits}f} ({self.low:,.{digits}f} to {self.high:,.{digits}f})"


def spread(values: Sequence[float]) -> Spread:
    """Of two values at least."""
    low, _, high = quantiles(values, n=4, method="inclusive")
    return Spread(median(values), low, high)
