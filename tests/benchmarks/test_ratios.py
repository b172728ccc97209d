"""A median is given with the interval that holds the true one with a confidence of 95 %."""

from __future__ import annotations

import pytest

from benchmarks.ratios import Spread, measure_median


@pytest.mark.parametrize(
    ("number", "lowest", "highest"),
    [(2, 1, 2), (5, 1, 5), (6, 1, 6), (9, 2, 8), (20, 6, 15), (48, 17, 32)],
)
def test_which_of_the_sorted_values_are_its_ends(number: int, lowest: int, highest: int) -> None:
    """As tables of the sign test have them: of 20 values the sixth and the fifteenth."""
    values = [float(each) for each in range(number, 0, -1)]
    assert measure_median(values) == Spread((number + 1) / 2, lowest, highest)
