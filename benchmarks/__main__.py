"""Measure everything, print the targets, and write docs/explanation/performance.md: a part of `make bench`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.blocks import Round, measure_rounds
from benchmarks.command import time_validate
from benchmarks.core import measure_core
from benchmarks.report import format_page, format_targets
from benchmarks.size import FULL, Size
from benchmarks.targets import Measurements
from benchmarks.variants import OBSERVED, WRITTEN, Variant
from interpreter.cli.process.exit import exit_process
from interpreter.temporal.dev_server.server import run_dev_server

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "performance.md"
BUDGET = 240.0
"""How many seconds the rounds of some variants may take; everything else takes half a minute at most."""


async def measure_within_budget(size: Size, variants: Sequence[Variant]) -> list[Round]:
    """Measure as many rounds as there is time for."""
    begin = time.perf_counter()
    rounds: list[Round] = []
    async with run_dev_server() as server:
        async for measured in measure_rounds(server, variants, size.runs):
            rounds.append(measured)
            seconds = time.perf_counter() - begin
            print(f"round {len(rounds)} of {len(variants)} variants, {seconds:.0f} s", flush=True)
            if len(rounds) == size.most_rounds or (len(rounds) >= size.fewest_rounds and seconds > BUDGET):
                break
    return rounds


async def measure(size: Size) -> Measurements:
    """Measure everything."""
    return Measurements(
        core=await asyncio.to_thread(measure_core, size.core_repeats, size.core_steps),
        validate=time_validate(size.command_repeats, size.command_steps),
        rounds=await measure_within_budget(size, WRITTEN),
        observed=await measure_within_budget(size, OBSERVED),
    )


def main() -> None:
    """Measure, and write the page."""
    measurements = asyncio.run(measure(FULL))
    PAGE.write_text(format_page(measurements), encoding="utf-8")
    print(f"\n{format_targets(measurements)}\n\nwritten: {PAGE.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
    exit_process(0)
