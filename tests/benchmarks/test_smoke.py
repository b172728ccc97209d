"""Every benchmark runs, in its smallest size. What it measures then says nothing, and is not looked at."""

from __future__ import annotations

import pytest

from benchmarks import __main__ as overhead
from benchmarks import report
from benchmarks.growth import measure as growth
from benchmarks.growth import report as growth_report
from benchmarks.long import __main__ as long
from benchmarks.long import report as long_report
from benchmarks.size import SMALLEST
from benchmarks.targets import EVENTS_MORE
from benchmarks.variants import OBSERVED, Variant

pytestmark = [pytest.mark.server, pytest.mark.slow]


async def test_what_yaml_costs() -> None:
    """A run has the same number of events, and so of commands, however closely its worker is watched: as many as by
    hand, and those that the undoing adds."""
    measured = await overhead.measure(SMALLEST)
    page = report.format_page(measured)
    assert page.count("| worker CPU, YAML ÷ by hand") == 4
    assert page.count("÷ YAML, success") == 3
    for outcome, more in EVENTS_MORE.items():
        expected = measured.rounds[0][Variant.UNSANDBOXED, outcome].events + more
        for each in measured.observed:
            assert {variant: each[variant, outcome].events for variant in OBSERVED} == dict.fromkeys(
                OBSERVED, expected
            )


async def test_what_long_runs_cost() -> None:
    page = long_report.format_page(await long.measure(2, 20, 20, 2))
    assert "## 20 items in one `for_each`" in page


async def test_what_grows() -> None:
    page = growth_report.format_page(await growth.measure(growth.SMALLEST))
    for work in growth.list_work(growth.SMALLEST):
        assert f"| {work.name}" in page
    assert "| 5,0" in page, "the bytes of the only text"
