"""Look into the wheel and the sdist."""

from __future__ import annotations

import tarfile
from pathlib import Path
from zipfile import ZipFile

from tests.packaging.report import expect

PACKAGES = {"dsl", "interpreter", "stepfile"}
NEEDED_TO_BUILD = {"LICENSE", "README.md", "pyproject.toml", *(f"{name}/__init__.py" for name in PACKAGES)}
NOT_OURS = {".venv", "build", "dist", "htmlcov"}


def check_wheel(file: Path) -> None:
    """Check that the wheel has the three packages with their type information, the licence, and nothing else."""
    names = set(ZipFile(file).namelist())
    tops = {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    expect(tops == PACKAGES, f"the wheel has {sorted(tops)} at the top level")
    missing = {f"{package}/py.typed" for package in PACKAGES} - names
    expect(not missing, f"the wheel lacks {sorted(missing)}")
    expect(any(name.endswith(".dist-info/licenses/LICENSE") for name in names), "the wheel lacks the licence")


def check_sdist(file: Path) -> None:
    """Check that the sdist has what a build needs, and nothing that a build or a test has left behind."""
    with tarfile.open(file) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expect(names >= NEEDED_TO_BUILD, f"the sdist lacks {sorted(NEEDED_TO_BUILD - names)}")
    left = {name for name in names if name.partition("/")[0] in NOT_OURS or "__pycache__" in name}
    expect(not left, f"the sdist has {sorted(left)[:5]}")
