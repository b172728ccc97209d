"""Measure everything, print the targets, and write docs/explanation/performance.md: `make bench`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.blocks import Round, rounds
from benchmarks.command import seconds_of_long, seconds_of_small
from benchmarks.core import microseconds_per_step
from benchmarks.report import page, targets_table
from benchmarks.targets import Measured
from interpreter.cli.process.exit import exit_process
from interpreter.temporal.dev_server.server import run_dev_server

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "performance.md"
BUDGET = 120.0
"""Seconds for the rounds; the rest takes half a minute at most."""
AT_LEAST, AT_MOST = 5, 20
"""Rounds."""


async def measured_rounds() -> list[Round]:
    """As many rounds as there is time for."""
    begin = time.perf_counter()
    done: list[Round] = []
    async with run_dev_server() as server:
        async for measured in rounds(server):
            done.append(measured)
            print(f"round {len(done)}, {time.perf_counter() - begin:.0f} s", flush=True)
            if len(done) == AT_MOST or (len(done) >= AT_LEAST and time.perf_counter() - begin > BUDGET):
                break
    return done


def main() -> None:
    measured = Measured(
        core=microseconds_per_step(30),
        validate_long=seconds_of_long(5),
        validate_small=seconds_of_small(10),
        rounds=asyncio.run(measured_rounds()),
    )
    PAGE.write_text(page(measured), encoding="utf-8")
    print(f"\n{targets_table(measured)}\n\nwritten: {PAGE.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
    exit_process(0)
