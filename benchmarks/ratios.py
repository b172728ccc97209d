"""Many noisy numbers are summed up as one number with its spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Spread:
    """A `Spread` is the median of measurements with the quartiles around it."""

    median: float
    low: float
    high: float

    def format(self, digits: int) -> str:
        """Format such as `1.02 (0.98 to 1.07)`, with so many digits after the point."""
        return f"{self.median:,.{digits}f} ({self.low:,.{digits}f} to {self.high:,.{digits}f})"


def measure_spread(values: Sequence[float]) -> Spread:
    """Compute the spread of at least two values."""
    low, _, high = quantiles(values, n=4, method="inclusive")
    return Spread(median(values), low, high)
