"""Every run case on the fake world, in virtual time: how it ends, and what those who listen are told."""

from __future__ import annotations

import pytest

from tests.support.cases import RunCase, run_cases
from tests.support.ending import check
from tests.support.fake_world import run_on_fake
from tests.support.told_events import check_events

each_case = pytest.mark.parametrize("case", run_cases(), ids=lambda case: case.id)


@each_case
def test_on_the_fake(case: RunCase) -> None:
    ending = run_on_fake(case)
    check(case, ending)
    check_events(ending)


@each_case
def test_on_the_fake_in_many_runs(case: RunCase) -> None:
    """It continues as new wherever it can: between any two steps."""
    ending = run_on_fake(case, force_continue_as_new=True)
    check(case, ending)
    check_events(ending)
