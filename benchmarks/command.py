"""Measure how many seconds of CPU time `stepfile validate` takes as a process, from its start to its end."""

from __future__ import annotations

import resource
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.generated import generate_definition
from benchmarks.variants import DEFINITION

LONG = 1_000
"""How many steps the long definition has."""
COMMAND = Path(sysconfig.get_path("scripts"), "stepfile")


def time_small_definition(repeats: int) -> list[float]:
    """Measure the CPU seconds for the trip booking, several times."""
    return [_time_command(DEFINITION) for _ in range(repeats)]


def time_long_definition(repeats: int) -> list[float]:
    """Measure the CPU seconds for a definition with `LONG` steps, several times."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "long.yaml")
        file.write_text(generate_definition(LONG), encoding="utf-8")
        return [_time_command(file) for _ in range(repeats)]


def _time_command(file: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([COMMAND, "validate", file], capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"stepfile validate failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
