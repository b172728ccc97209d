"""A benchmark is run in its full size for the page, and in its smallest by the tests, which only want it to run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """A `Size` says how much `python -m benchmarks` measures."""

    runs: int
    """How many runs a block has."""
    fewest_rounds: int
    most_rounds: int
    core_repeats: int
    core_steps: int
    command_repeats: int
    command_steps: tuple[int, ...]
    """How many steps the long definitions have that are validated."""


FULL = Size(
    runs=16,
    fewest_rounds=5,
    most_rounds=48,
    core_repeats=30,
    core_steps=1_000,
    command_repeats=10,
    command_steps=(1_000, 3_000),
)
SMALLEST = Size(
    runs=1,
    fewest_rounds=2,
    most_rounds=2,
    core_repeats=2,
    core_steps=10,
    command_repeats=2,
    command_steps=(10, 20),
)
