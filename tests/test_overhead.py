"""The core stays cheap: `make bench` measures it well, this only sees when it becomes many times slower."""

from __future__ import annotations

import pytest

from benchmarks.core import microseconds_per_step

BOUND = 200
"""Microseconds of CPU time per step; the target is 50 on a machine that does nothing else."""


@pytest.mark.timing
def test_a_step_costs_little() -> None:
    assert min(microseconds_per_step(5)) < BOUND
