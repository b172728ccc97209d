"""Run commands as a user does, in processes of their own."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from os import environ, kill
from pathlib import Path

STEPFILE = Path(sysconfig.get_path("scripts"), "stepfile")
"""The path of the installed command."""


def run(
    *command: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    timeout: float = 60.0,
) -> subprocess.CompletedProcess[str]:
    """Run a command, and return the ended process with its output.

    Args:
        command: The words of the command.
        cwd: The working directory.
        env: The variables that are added to the environment of this process, or replace its own.
        stdin: The text of standard input.
        timeout: How many seconds the command may take.
    """
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**environ, **(env or {})},
        input=stdin,
        timeout=timeout,
        capture_output=True,
        text=True,
        check=False,
    )


def stepfile(
    *arguments: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    timeout: float = 60.0,
) -> subprocess.CompletedProcess[str]:
    """Run `stepfile`, and return the ended process with its output."""
    return run(STEPFILE, *arguments, cwd=cwd, env=env, stdin=stdin, timeout=timeout)


def python(script: str, *arguments: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
    """Run a script of Python, and return the ended process with its output."""
    return run(sys.executable, "-c", script, *arguments, timeout=timeout)


def alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie, which nobody has waited for, does not."""
    try:
        kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and ") Z " in stat.read_text())
