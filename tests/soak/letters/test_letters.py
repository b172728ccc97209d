"""A short soak of letters finds nothing wrong, and its checks find what is made wrong on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.letters.soak import run_letter_soak

ITEMS = 120


@pytest.mark.server
@pytest.mark.slow
async def test_each_failure_is_kept_once_and_each_effect_done_once(tmp_path: Path) -> None:
    report = await run_letter_soak(tmp_path, ITEMS, 10, seed=5, rate=50)
    assert report.wrong == [], str(report)
    assert report.failing == 12
    assert report.done["worker killed"] == 3
