"""A command runs in the background, while the test waits for its output and sends it signals."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.processes import STEPFILE

MARK = "STEPFILE_TEST_COMMAND"
"""The environment variable by which all processes of a command are found."""


class RunningCommand:
    """A `RunningCommand` is a running `stepfile`."""

    def __init__(self, process: subprocess.Popen[str], mark: str) -> None:
        self._process = process
        self._mark = mark
        self._changed = threading.Condition()
        self._texts = {"stdout": "", "stderr": ""}
        self._readers = [threading.Thread(target=self._read, args=(name,)) for name in self._texts]
        for reader in self._readers:
            reader.start()

    @property
    def stdout(self) -> str:
        """Return what it has written to standard output so far."""
        return self._texts["stdout"]

    @property
    def stderr(self) -> str:
        """Return what it has written to standard error so far."""
        return self._texts["stderr"]

    def wait_for_output(self, text: str, *, within: float = 60.0) -> None:
        """Wait until the command has written `text`; fail the test if it ends without that."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_written(text) or not self._is_reading(), within)
        assert self._has_written(text), f"never wrote {text!r}:\n{self.stderr}\n{self.stdout}"

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the process itself; a terminal would send SIGINT to its whole group."""
        self._process.send_signal(number)

    def wait_for_exit(self, *, within: float = 60.0) -> int:
        """Wait until the command has ended, and return its exit code."""
        code = self._process.wait(within)
        for reader in self._readers:
            reader.join(within)
        return code

    def list_processes(self) -> list[int]:
        """List the process ids of the command and of all processes that it has started, if they still run."""
        return list_marked_processes(self._mark)

    def _has_written(self, text: str) -> bool:
        return any(text in output for output in self._texts.values())

    def _is_reading(self) -> bool:
        return any(reader.is_alive() for reader in self._readers)

    def _read(self, name: str) -> None:
        for line in getattr(self._process, name):
            with self._changed:
                self._texts[name] += line
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


@contextmanager
def run_in_background(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[RunningCommand]:
    """Run `stepfile` for the length of the block; at its end all processes of the command are killed."""
    mark = uuid.uuid4().hex
    with (
        subprocess.Popen(
            [STEPFILE, *arguments],
            cwd=cwd,
            env={**os.environ, **(env or {}), MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        kill_at_end(mark),
    ):
        yield RunningCommand(process, mark)


@contextmanager
def kill_at_end(mark: str) -> Iterator[None]:
    """Kill all processes that have a mark, when the block ends."""
    try:
        yield
    finally:
        while left := list_marked_processes(mark):  # one of them may have started another meanwhile
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def list_marked_processes(mark: str) -> list[int]:
    """List the ids of the processes that have a mark in their environment, from whomever they have inherited it."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if _has_mark(entry, mark)]


def _has_mark(entry: Path, mark: str) -> bool:
    try:
        return entry.name.isdigit() and mark.encode() in (entry / "environ").read_bytes()
    except OSError:  # the process has ended, or belongs to another user
        return False
