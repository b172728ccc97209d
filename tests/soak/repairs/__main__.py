"""Run the soak of repairs: `make repairs`, `SOAK_RUNS=1000 SOAK_SEED=7 make repairs`."""

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
from tests.soak.chaos import plan_endless_strikes
from tests.soak.repairs.soak import run_soak

RUNS = 500
CONCURRENT_RUNS = 30


def main() -> int:
    """Run the soak, print its report, and return the exit code."""
    words = sys.argv[1:]
    runs = int(words[0] if words else os.environ.get("SOAK_RUNS") or RUNS)
    seed = int(words[1] if len(words) > 1 else os.environ.get("SOAK_SEED") or random.randrange(10**6))
    quiet = LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=quiet)))
    directory = Path(tempfile.mkdtemp(prefix="stepfile-repairs-"))
    print(f"{runs} sagas, SOAK_SEED={seed}, in {directory}", flush=True)
    report = asyncio.run(
        run_soak(directory, runs, seed, plan_endless_strikes(seed), concurrent_runs=CONCURRENT_RUNS)
    )
    print(report)
    if not report.wrong:
        shutil.rmtree(directory)
    return 1 if report.wrong else 0


if __name__ == "__main__":
    exit_process(main())
