"""A command always ends with the exit code that it means.

Python's own way to end a process is not safe once Temporal's runtime has started, because the runtime's threads
still run while the Python interpreter is torn down. Measured with temporalio 1.35 and `sys.exit(0)`: of 60 processes
that had submitted a workflow, 4 died of SIGABRT (`Fatal Python error: PyGILState_Release`) or SIGSEGV; of 24 that
were waiting for many answers when they were cancelled, as by Ctrl-C, 22 hung for ever. With `exit_process` none of
them did.
"""

from __future__ import annotations

import os
import sys
from enum import IntEnum
from typing import NoReturn


class ExitCode(IntEnum):
    """An `ExitCode` says how a command ended."""

    SUCCESS = 0
    FAILED = 1
    """The user's file or run failed, or Temporal could not be reached."""
    USAGE = 2
    """The command line is wrong."""
    BUG = 3
    """Stepfile itself has failed."""
    INTERRUPTED = 130
    """The command was interrupted by Ctrl-C. Shells use 128 + SIGINT for that."""


def exit_process(code: int) -> NoReturn:
    """End the process now with `code`, after everything that was printed has been written.

    If the reader of the output has gone away (`stepfile ... | head`), that is no failure. If the output can't be
    written for another reason, such as a full disk, that is reported, and success becomes `ExitCode.FAILED`: whoever
    asked for the output did not get it.

    Nothing else runs any more, neither `finally` nor `atexit`. So call this last, outside of all resources. What does
    not fit the buffer is written earlier, by a `print` that may raise `BrokenPipeError`; then call this, too.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (BrokenPipeError, ValueError):  # nobody reads the stream, or it is closed already
            pass
        except OSError as error:
            code = code or ExitCode.FAILED
            os.write(2, f"stepfile: can't write the output: {error.strerror}\n".encode())
    os._exit(code)
