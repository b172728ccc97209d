"""A short soak of repairs finds nothing wrong, and finds what workers without a guard do wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.chaos import plan_few_strikes
from tests.soak.repairs.guards import GUARDS
from tests.soak.repairs.plan import ALL, FAMILIES
from tests.soak.repairs.soak import run_soak

RUNS, TWINS = 24, 40
SEED = 5
ACTS = {"never asks": ("reset",), "goes on": ("reset",), "tells no child": ("retry", "resume", "start again")}
"""What is done to runs so that the lack of a guard is seen."""


@pytest.mark.drill
@pytest.mark.server
async def test_no_run_says_what_is_not_so(tmp_path: Path) -> None:
    report = await run_soak(tmp_path, RUNS, SEED, plan_few_strikes(SEED), concurrent_runs=RUNS)
    assert report.wrong == [], str(report)
    assert report.outcomes["COMPLETED"] > 0, str(report)
    assert report.outcomes["UndoneBeforeReset"] > 0, str(report)
    assert report.acts["reset"] > 0, str(report)


@pytest.mark.drill
@pytest.mark.server
@pytest.mark.timeout(900)
@pytest.mark.parametrize("guard", GUARDS)
async def test_a_worker_without_a_guard_is_found(tmp_path: Path, guard: str) -> None:
    """It may get through some dozens of sagas by chance, so it has three tries."""
    wrong: list[str] = []
    for seed in range(SEED, SEED + 3):
        folder = tmp_path / str(seed)
        folder.mkdir()
        report = await run_soak(
            folder,
            TWINS,
            seed,
            (),
            concurrent_runs=TWINS,
            acts=ACTS[guard],
            definitions=FAMILIES if "child" in guard else ALL,
            unguarded=guard,
        )
        wrong += report.wrong
        if any("has completed, but" in each or " times: " in each for each in wrong):
            return
    raise AssertionError(f"nothing was found: {wrong}")
