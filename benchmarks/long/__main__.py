"""Measure long runs and write docs/explanation/long-runs.md: part of `make bench`.

`BENCH_ITEMS` is the length of the longest run, 100,000 without it.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from benchmarks.long.measure import Long, bench
from benchmarks.long.report import Measured, page
from benchmarks.long.worker import Variant
from interpreter.cli.process.exit import exit_process
from interpreter.temporal.dev_server.server import run_dev_server

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "long-runs.md"
ROUNDS = 5
ITEMS_OF_A_ROUND = 5_000


async def measured() -> Measured:
    rounds: dict[Variant, list[Long]] = {variant: [] for variant in Variant}
    steps: dict[Variant, list[float]] = {variant: [] for variant in Variant}
    async with run_dev_server() as server, bench(server) as measuring:
        for number in range(ROUNDS):
            for variant in _in_turn(number):
                rounds[variant].append(await measuring.items(variant, ITEMS_OF_A_ROUND))
                steps[variant].append(await measuring.steps_per_second(variant))
                rate = rounds[variant][-1].per_second
                print(f"round {number + 1}: {variant.value}: {rate:.0f} items/s", flush=True)
        whole = await measuring.items(Variant.YAML, int(os.environ.get("BENCH_ITEMS", "100000")))
    return Measured(rounds, steps, whole)


def _in_turn(number: int) -> list[Variant]:
    """Each round begins with another variant: what else the machine does falls on all alike."""
    variants = [*Variant]
    first = number % len(variants)
    return variants[first:] + variants[:first]


def main() -> None:
    text = page(asyncio.run(measured()))
    PAGE.write_text(text, encoding="utf-8")
    print(f"{text}\nwritten: {PAGE.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
    exit_process(0)
