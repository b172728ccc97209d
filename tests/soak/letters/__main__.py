"""Run the soak of letters: `make letters`, `LETTER_ITEMS=500 make letters`, or with a number of items."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from interpreter.cli.process.exit import exit_process
from tests.soak.letters.soak import run_letter_soak

ITEMS = 2000
PERCENT = 3.0
RATE = 50.0


def main() -> int:
    """Run the soak, print its report, and return the exit code."""
    words = sys.argv[1:]
    items = int(words[0] if words else os.environ.get("LETTER_ITEMS") or ITEMS)
    seed = int(os.environ.get("SOAK_SEED") or random.randrange(10**6))
    quiet = LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=quiet)))
    directory = Path(tempfile.mkdtemp(prefix="stepfile-letters-"))
    print(f"{items} items, SOAK_SEED={seed}, in {directory}", flush=True)
    report = asyncio.run(run_letter_soak(directory, items, PERCENT, seed, RATE))
    print(report)
    if not report.wrong:
        shutil.rmtree(directory)
    return 1 if report.wrong else 0


if __name__ == "__main__":
    exit_process(main())
