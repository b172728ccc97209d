"""What the core does for a step is counted in calls of functions, which no other process disturbs."""

from __future__ import annotations

import asyncio

from benchmarks.core import INPUT, InstantEffects
from benchmarks.generated import generate_definition
from dsl.scalars.json_value import JsonValue
from interpreter.lifecycle import execute
from interpreter.program.compiled import compile_program
from interpreter.state.run import Run
from tests.support.counting import count_calls

MOST_CALLS_OF_A_STEP = 120
"""Measured: 114 for an activity with two expressions."""
MOST_CALLS_OF_AN_ITEM = 186
"""Measured: 178 for an item with one activity."""

ITEMS = """
dsl: "1"
name: items
input: {type: array}
defaults: {timeouts: {start_to_close: 1m}}
steps:
  - id: all
    for_each: ${ input }
    concurrency: 5
    collect: none
    steps: [{activity: work_on, args: ["${ item }"]}]
"""


def count_run(text: str, data: JsonValue) -> int:
    """Count the calls of a run whose program is compiled, and has run before."""
    program = compile_program(text)

    def run() -> object:
        return asyncio.run(execute(Run(program, InstantEffects(), data)))

    run()
    return count_calls(run)


def test_a_step_takes_few_calls() -> None:
    few, many = (count_run(generate_definition(steps), INPUT) for steps in (100, 300))
    assert (many - few) / 200 < MOST_CALLS_OF_A_STEP


def test_an_item_takes_few_calls() -> None:
    few, many = (count_run(ITEMS, [*range(items)]) for items in (100, 300))
    assert (many - few) / 200 < MOST_CALLS_OF_AN_ITEM
