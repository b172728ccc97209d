"""Run commands as a user does: as processes of their own."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from os import environ, kill
from pathlib import Path

STEPFILE = Path(sysconfig.get_path("scripts"), "stepfile")
"""The installed command."""


def run(
    *command: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    timeout: float = 60.0,
) -> subprocess.CompletedProcess[str]:
    """The ended `command` with its output; `env` lies over this process's environment, `timeout` is in s."""
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
    """The ended `stepfile` command with its output."""
    return run(STEPFILE, *arguments, cwd=cwd, env=env, stdin=stdin, timeout=timeout)


def python(script: str, *arguments: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
    """The ended Python process that ran the text `script`."""
    return run(sys.executable, "-c", script, *arguments, timeout=timeout)


def alive(pid: int) -> bool:
    """Whether the process runs; a dead one that nobody has waited for does not."""
    try:
        kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and ") Z " in stat.read_text())
