"""What a check costs is counted in calls of functions, which no other process disturbs."""

from __future__ import annotations

from benchmarks.generated import generate_definition
from dsl.check import check
from dsl.expressions.program import get_program
from dsl.reading.reader import read_text
from tests.support.counting import count_calls

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
