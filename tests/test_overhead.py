"""The core must not become many times slower; `make bench` measures it more exactly."""

from __future__ import annotations

import pytest

from benchmarks.core import measure_core

BOUND = 200
"""How many microseconds of CPU time a step may take. The target is 50 on a machine that does nothing else."""


@pytest.mark.timing
def test_a_step_costs_little() -> None:
    assert min(measure_core(5)) < BOUND


@pytest.mark.timing
def test_a_step_costs_the_same_in_a_long_definition() -> None:
    """Copying what is known of all steps whenever one ends made it 1.5 times as much."""
    assert min(measure_core(5, steps=3_000)) < 1.3 * min(measure_core(5, steps=100))
