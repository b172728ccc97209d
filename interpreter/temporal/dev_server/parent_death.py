"""Run a program that can't outlive the process which started it.

A parent that is killed with SIGKILL stops nothing, so its children would stay behind as orphans. On Linux
the kernel can be asked to kill them (`PR_SET_PDEATHSIG`, prctl(2)), and this setting survives `execve`. So this file
is run as a script between the parent and the program: it asks the kernel, and then *becomes* the program, with the
same process id.

The request could also be made in a `preexec_fn`. But that would run Python in the forked copy of a process whose
other threads, those of Temporal's runtime, are gone: a known source of deadlocks.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import NoReturn

PR_SET_PDEATHSIG = 1
"""The constant of this name in `linux/prctl.h`."""


def tie_to_parent(command: list[str]) -> list[str]:
    """Return a command that runs `command` so that it dies with this process.

    Start it from a thread that lives as long as the command should, because to the kernel the parent is the thread
    that forked.

    Returns:
        The command to start; where the system is not Linux, `command` itself.
    """
    if sys.platform != "linux":
        return command
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main(parent: str, program: str, *arguments: str) -> NoReturn:
    """Let this process die with its parent, and become a program.

    Args:
        parent: The process id of the parent.
        program: The path of the program; if it can't be run, the process exits with 127.
        arguments: The arguments of the program.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(
        parent
    ):  # the parent died before the request, so nobody will send the signal any more
        os._exit(1)
    try:
        os.execv(program, [program, *arguments])
    except OSError as error:
        print(f"{program}: {error.strerror}", file=sys.stderr, flush=True)
        os._exit(127)


if __name__ == "__main__":
    main(*sys.argv[1:])
