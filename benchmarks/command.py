"""What `stepfile validate` takes as a process, start and all: seconds of CPU time."""

from __future__ import annotations

import resource
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.generated import definition_of
from benchmarks.variants import DEFINITION

LONG = 1_000
COMMAND = Path(sysconfig.get_path("scripts"), "stepfile")


def seconds_of_small(repeats: int) -> list[float]:
    """For the trip booking."""
    return [_seconds(DEFINITION) for _ in range(repeats)]


def seconds_of_long(repeats: int) -> list[float]:
    """For `LONG` steps."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "long.yaml")
        file.write_text(definition_of(LONG), encoding="utf-8")
        return [_seconds(file) for _ in range(repeats)]


def _seconds(file: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([COMMAND, "validate", file], capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"stepfile validate failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
