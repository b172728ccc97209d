"""What a check costs is counted in calls of functions, which no other process disturbs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.generated import generate_definition
from dsl.check import check
from dsl.expressions.program import get_program
from dsl.reading.reader import read_text
from tests.support.counting import count_calls

pytestmark = pytest.mark.no_cover

MOST_CALLS = 800
"""How many calls one step with two expressions may take, from its text to the last rule. Measured: 732."""


def count_check(steps: int) -> int:
    get_program.cache_clear()
    text = generate_definition(steps)
    return count_calls(lambda: check(read_text(text)))


def test_a_step_takes_few_calls_however_long_the_definition_is() -> None:
    count_check(1)  # what is compiled and remembered once
    few, some, many = count_check(50), count_check(150), count_check(350)
    assert (some - few) / 100 < MOST_CALLS
    assert (many - some) / 200 < 1.05 * (some - few) / 100


def build_children(count: int) -> dict[str, Any]:
    """Definitions of a bundle, of which each runs the next one."""
    steps = [[{"child_workflow": f"d{number}"}] for number in range(count)]
    return {"steps": steps[0], "definitions": {f"d{n}": {"steps": each} for n, each in enumerate(steps)}}


def build_unknown_variables(count: int) -> dict[str, Any]:
    """As many variables as steps that set others."""
    steps = [{"set": {f"x{number}": f"${{ vars.y{number} }}"}} for number in range(count)]
    return {"vars": {f"v{number}": 1 for number in range(count)}, "steps": steps}


@pytest.mark.parametrize("build", [build_children, build_unknown_variables])
def test_twice_as_many_names_cost_twice_as_much(build: Callable[[int], dict[str, Any]]) -> None:
    few, many = (count_document(build(count)) for count in (300, 600))
    assert many < 2.2 * few


def count_document(keys: dict[str, Any]) -> int:
    text = json.dumps({"dsl": "1", "name": "x", **keys})
    return count_calls(lambda: check(read_text(text)))
