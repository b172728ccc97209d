"""Many noisy numbers are summed up as one number with its spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Spread:
    """A `Spread` is the median of measurements with two numbers around it: quartiles, or what surely holds it."""

    median: float
    low: float
    high: float

    def format(self, digits: int) -> str:
        """Format such as `1.02 (0.98 to 1.07)`, with so many digits after the point."""
        return f"{self.median:,.{digits}f} ({self.low:,.{digits}f} to {self.high:,.{digits}f})"


def measure_spread(values: Sequence[float]) -> Spread:
    """Compute the median of at least two values with its quartiles."""
    low, _, high = quantiles(values, n=4, method="inclusive")
    return Spread(median(values), low, high)


def measure_median(values: Sequence[float]) -> Spread:
    """Compute the median with the interval that holds the true one with a confidence of 95 %.

    It runs from one of the sorted values to another, and assumes nothing of how they are distributed (it is the
    interval of the sign test). Of fewer than six values it has the smallest and the largest, with less confidence.
    """
    ranked, number = sorted(values), len(values)
    outside, chance = 0, 0.0
    while (chance := chance + comb(number, outside) / 2**number) <= 0.025:
        outside += 1
    outside = max(outside - 1, 0)
    return Spread(median(ranked), ranked[outside], ranked[-1 - outside])
