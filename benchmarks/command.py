"""Measure the CPU time of `stepfile validate` as a process, from its start to its end.

It is counted in units of a process that only imports the libraries which the command can't do without. Seconds would
say more about the machine.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.generated import generate_definition
from benchmarks.variants import DEFINITION

COMMAND = Path(sysconfig.get_path("scripts"), "stepfile")
UNIT = "import pydantic, ruamel.yaml, click\nclass Model(pydantic.BaseModel):\n    number: int\n    text: str = ''"
"""The program of the process that is the unit."""


@dataclass(frozen=True, slots=True)
class Validations:
    """The `Validations` are repeats of the same command; all numbers are units, see above."""

    small: Sequence[float]
    """For the trip booking."""
    long: dict[int, list[float]]
    """For definitions with so many steps."""


def time_validate(repeats: int, steps: Sequence[int]) -> Validations:
    """Measure each definition and the unit in turn, several times, after a first time that only warms up."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with TemporaryDirectory() as folder:
        files = {number: Path(folder, f"{number}.yaml") for number in steps}
        for number, file in files.items():
            file.write_text(generate_definition(number), encoding="utf-8")
        commands = [[str(COMMAND), "validate", str(file)] for file in (DEFINITION, *files.values())]
        found: list[list[float]] = []
        for _ in range(repeats + 1):
            unit = _time_process([sys.executable, "-c", UNIT], environment)
            found.append([_time_process(command, environment) / unit for command in commands])
    small, *long = zip(*found[1:], strict=True)
    return Validations(small, {number: list(each) for number, each in zip(steps, long, strict=True)})


def _time_process(command: list[str], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
