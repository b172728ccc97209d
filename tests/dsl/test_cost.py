"""What a check costs is counted in calls of functions, which no other process disturbs."""

from __future__ import annotations

import sys
from types import FrameType

from benchmarks.generated import generate_definition
from dsl.check import check
from dsl.expressions.program import get_program
from dsl.reading.reader import read_text

MOST_CALLS = 800
"""How many calls one step with two expressions may take, from its text to the last rule. Measured: 732."""


def count_calls(steps: int) -> int:
    """Count the calls of Python functions in a check of a definition with so many steps."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    get_program.cache_clear()
    text = generate_definition(steps)
    sys.setprofile(count)
    try:
        check(read_text(text))
    finally:
        sys.setprofile(None)
    return calls


def test_a_step_takes_few_calls_however_long_the_definition_is() -> None:
    count_calls(1)  # what is compiled and remembered once
    few, some, many = count_calls(50), count_calls(150), count_calls(350)
    assert (some - few) / 100 < MOST_CALLS
    assert (many - some) / 200 < 1.05 * (some - few) / 100
