"""A command runs on a terminal of its own, where keys are pressed and signals are sent."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from signal import Signals

from tests.support.processes import STEPFILE

_TAKE_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Makes the standard input the terminal of the process, and becomes the command. Tests have threads, so they must not
fork themselves."""


def run_on_terminal(
    *command: str,
    cwd: Path,
    keys: Mapping[str, str | Signals | Callable[[], str]],
    lines: int = 24,
    env: Mapping[str, str] | None = None,
    program: str | Path = STEPFILE,
) -> tuple[int, str]:
    """Run a command on a terminal of its own, and return its exit code and its output.

    Args:
        command: The words of the command.
        cwd: The working directory.
        keys: Text in the output → the keys that are pressed when it appears, or the signal that is sent. A function
            does something before it returns the keys.
        lines: The height of the terminal.
        env: Further variables of the environment.
        program: What is run.
    """
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKE_TERMINAL, program, *command],
        stdin=its_end,
        stdout=its_end,
        stderr=its_end,
        cwd=cwd,
        env={**os.environ, "TERM": "xterm", "NO_COLOR": "", "LINES": str(lines), **(env or {})},
    )
    os.close(its_end)
    seen = b""
    waiting = dict(keys)
    while True:
        try:
            read = os.read(terminal, 65536)
        except OSError:  # on Linux this means that the other end is closed
            break
        if not read:
            break
        seen += read
        for text in [text for text in waiting if text.encode() in seen]:
            match waiting.pop(text):
                case Signals() as number:
                    process.send_signal(number)
                case str() as pressed:
                    os.write(terminal, pressed.encode())
                case act:
                    os.write(terminal, act().encode())
    os.close(terminal)
    return process.wait(), seen.decode()
