"""Measure long runs, and write docs/explanation/long-runs.md; this is a part of `make bench`.

`BENCH_ITEMS` says how many items the longest run has; without it there are 100,000.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from benchmarks.long.definitions import STEPS
from benchmarks.long.measure import LongRun, run_bench
from benchmarks.long.report import Measurements, format_page
from benchmarks.long.worker import Variant
from interpreter.cli.process.exit import exit_process
from interpreter.temporal.dev_server.server import run_dev_server

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "long-runs.md"


async def measure(
    rounds_in_all: int, items_of_a_round: int, items_of_the_longest: int, steps_of_a_round: int = STEPS
) -> Measurements:
    """Measure all rounds, and then the longest run."""
    rounds: dict[Variant, list[LongRun]] = {variant: [] for variant in Variant}
    steps: dict[Variant, list[float]] = {variant: [] for variant in Variant}
    async with run_dev_server() as server, run_bench(server) as bench:
        for number in range(rounds_in_all):
            for variant in _order_variants(number):
                rounds[variant].append(await bench.measure_items(variant, items_of_a_round))
                steps[variant].append(await bench.measure_steps(variant, steps_of_a_round))
                rate = rounds[variant][-1].per_second
                print(f"round {number + 1}: {variant.value}: {rate:.0f} items/s", flush=True)
        whole = await bench.measure_items(Variant.YAML, items_of_the_longest)
    return Measurements(rounds, steps, whole)


def _order_variants(number: int) -> list[Variant]:
    """Let each round begin with another variant, so that other work of the machine disturbs all of them alike."""
    variants = [*Variant]
    first = number % len(variants)
    return variants[first:] + variants[:first]


def main() -> None:
    """Measure, and write the page."""
    text = format_page(asyncio.run(measure(5, 5_000, int(os.environ.get("BENCH_ITEMS", "100000")))))
    PAGE.write_text(text, encoding="utf-8")
    print(f"{text}\nwritten: {PAGE.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
    exit_process(0)
