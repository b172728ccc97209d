"""Run a program that can't outlive the process which started it.

A parent that is killed with SIGKILL stops nothing, so its children would stay behind as orphans. On Linux
the kernel can be asked to kill them (`PR_SET_PDEATHSIG`, prctl(2)); the setting survives `execve`. This file
is therefore run as a script between the parent and the program: it makes the request and *becomes* the
program, with the same process id. (Making it in a `preexec_fn` would run Python in the forked copy of a
process whose other threads, those of Temporal's runtime, are gone: a known source of deadlocks.)
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1
"""From `linux/prctl.h`."""


def tie_to_parent(command: list[str]) -> list[str]:
    """The command that runs `command` so that it dies with this process; itself where that can't be had.

    To be started from a thread that lives as long as the command should: to the kernel the parent is the
    thread that forked.
    """
    if sys.platform != "linux":
        return command
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main(parent: str, program: str, *arguments: str) -> NoReturn:
    """Tie this process to `parent` (a process id) and become `program`; exit with 127 if that fails."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(parent):  # it died before the request: nobody will send the signal any more
        os._exit(1)
    try:
        os.execv(program, [program, *arguments])
    except OSError as error:
        print(f"{program}: {error.strerror}", file=sys.stderr, flush=True)
        os._exit(127)


if __name__ == "__main__":
    main(*sys.argv[1:])
