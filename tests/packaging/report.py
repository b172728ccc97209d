"""Run the commands of the packaging check, and say what happens."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support.processes import run

SECONDS = 300.0
HIDDEN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


def tell(text: str) -> None:
    """Write a line of progress."""
    print(f"packaging: {text}", flush=True)


def expect(is_so: bool, text: str) -> None:
    """Make sure that something holds.

    Raises:
        SystemExit: it does not; `text` says what was expected.
    """
    if not is_so:
        raise SystemExit(f"packaging: {text}")


def run_outside(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command that sees nothing of the variables that lead to this repository, or to a Temporal server."""
    hidden = [name for name in os.environ if name in HIDDEN or name.startswith("TEMPORAL_")]
    without = [word for name in hidden for word in ("-u", name)]
    return run("env", *without, *command, cwd=cwd, timeout=SECONDS)


def expect_success(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command as `run_outside` does.

    Returns:
        What it has written to its standard output.

    Raises:
        SystemExit: it has failed.
    """
    ended = run_outside(*command, cwd=cwd)
    text = f"{' '.join(map(str, command))} ended with {ended.returncode}\n{ended.stdout}{ended.stderr}"
    expect(ended.returncode == 0, text)
    return ended.stdout
