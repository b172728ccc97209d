"""A command runs on a terminal of its own, where keys are pressed and signals are sent."""

from __future__ import annotations

import os
import pty
from collections.abc import Mapping
from pathlib import Path
from signal import Signals

from tests.support.processes import STEPFILE


def run_on_terminal(
    *command: str,
    cwd: Path,
    keys: Mapping[str, str | Signals],
    lines: int = 24,
    env: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run a command on a terminal of its own, and return its exit code and its output.

    Args:
        command: The words of the command.
        cwd: The working directory.
        keys: Text in the output → the keys that are pressed when it appears, or the signal that is sent.
        lines: The height of the terminal.
        env: Further variables of the environment.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.execve(
            STEPFILE,
            ["stepfile", *command],
            {**os.environ, "TERM": "xterm", "NO_COLOR": "", "LINES": str(lines), **(env or {})},
        )
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
                    os.kill(pid, number)
                case pressed:
                    os.write(terminal, pressed.encode())
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()
