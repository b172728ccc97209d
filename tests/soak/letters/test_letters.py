"""A short soak of letters finds nothing wrong, and its checks find what is made wrong on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.soak.letters.sinks import IN_TEMPORAL, Sink, make_database_sink
from tests.soak.letters.soak import run_letter_soak
from tests.support.postgresql import run_postgresql

ITEMS = 120


@pytest.fixture(params=["temporal", "postgresql"])
def sink(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sink]:
    """Where the letters are kept."""
    if request.param == "temporal":
        yield IN_TEMPORAL
        return
    with run_postgresql() as server:
        made = make_database_sink(tmp_path / "project", server)
        yield made
        assert made.database is not None
        made.database.close()


@pytest.mark.server
@pytest.mark.slow
async def test_each_failure_is_kept_once_and_each_effect_done_once(tmp_path: Path, sink: Sink) -> None:
    report = await run_letter_soak(tmp_path, ITEMS, 10, seed=5, rate=50, sink=sink)
    assert report.wrong == [], str(report)
    assert report.failing == 12
    assert report.done["worker killed"] == 3
