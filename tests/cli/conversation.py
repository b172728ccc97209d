"""A command that runs while the test talks to it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import STEPFILE

MARK = "STEPFILE_TEST_FAMILY"


class Conversation:
    """A running `stepfile` whose output can be waited for."""

    def __init__(self, process: subprocess.Popen[str], family: str) -> None:
        self._process = process
        self._family = family
        self._changed = threading.Condition()
        self._texts = {"stdout": "", "stderr": ""}
        self._readers = [threading.Thread(target=self._read, args=(name,)) for name in self._texts]
        for reader in self._readers:
            reader.start()

    @property
    def stdout(self) -> str:
        """What it has written so far."""
        return self._texts["stdout"]

    @property
    def stderr(self) -> str:
        """What it has said so far."""
        return self._texts["stderr"]

    def until(self, text: str, *, within: float = 60.0) -> None:
        """Wait until `text` was written; fail the test if the command ends without."""
        with self._changed:
            self._changed.wait_for(lambda: self._said(text) or not self._reading(), within)
        assert self._said(text), f"never said {text!r}:\n{self.stderr}\n{self.stdout}"

    def send(self, number: signal.Signals) -> None:
        """Send the process itself a signal; a terminal would send SIGINT to its whole group."""
        self._process.send_signal(number)

    def ends(self, *, within: float = 60.0) -> int:
        """The exit code."""
        code = self._process.wait(within)
        for reader in self._readers:
            reader.join(within)
        return code

    def family(self) -> list[int]:
        """Its process and all that have come of it and still run."""
        return [int(entry.name) for entry in Path("/proc").iterdir() if self._is_ours(entry)]

    def _is_ours(self, entry: Path) -> bool:
        try:
            return entry.name.isdigit() and self._family.encode() in (entry / "environ").read_bytes()
        except OSError:  # gone meanwhile, or another user's
            return False

    def _said(self, text: str) -> bool:
        return any(text in said for said in self._texts.values())

    def _reading(self) -> bool:
        return any(reader.is_alive() for reader in self._readers)

    def _read(self, name: str) -> None:
        for line in getattr(self._process, name):
            with self._changed:
                self._texts[name] += line
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


@contextmanager
def talking(
    *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Conversation]:
    """Start `stepfile`; whatever comes of it is gone after the block."""
    family = uuid.uuid4().hex
    with subprocess.Popen(
        [STEPFILE, *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {}), MARK: family},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        conversation = Conversation(process, family)
        try:
            yield conversation
        finally:
            for pid in conversation.family():
                os.kill(pid, signal.SIGKILL)
