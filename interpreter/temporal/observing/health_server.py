"""Serve the health of a worker over HTTP, as Kubernetes and load balancers ask for it.

The server runs in a thread of its own, so that it can tell when the event loop of the worker does not answer.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from interpreter.temporal.observing.health import Readiness, WorkerHealth
from interpreter.temporal.observing.listen_address import (
    ListenAddress,
    explain_refusal,
    resolve_listen_address,
)


class _Path:
    """The paths, as the API server of Kubernetes calls its own."""

    LIVE = "/livez"
    READY = "/readyz"


LOOP_TIMEOUT = 5.0
"""Seconds in which the event loop must answer."""


@asynccontextmanager
async def serve_health(health: WorkerHealth, address: str) -> AsyncGenerator[None]:
    """Serve the health of a worker for the length of the block.

    `GET /livez` answers 200 while the event loop answers; `GET /readyz` answers 200 while the worker is ready, else
    503. The body is a JSON object with `status`, `problems` and `task_queue`.

    Args:
        health: Of which worker; its event loop is the one of the caller.
        address: Where to listen, as `host:port`.

    Raises:
        ListenProblem: this is no such address, or it can't be listened at.
    """
    server = _listen(address, health)
    thread = Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()


def _listen(address: str, health: WorkerHealth) -> _HealthServer:
    where = resolve_listen_address(address, "health")
    try:
        return _HealthServer(where, health, asyncio.get_running_loop())
    except OSError as error:
        raise explain_refusal(address, "health", error.strerror or str(error)) from None


class _HealthServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, where: ListenAddress, health: WorkerHealth, loop: asyncio.AbstractEventLoop) -> None:
        self.address_family = socket.AF_INET6 if ":" in where.ip else socket.AF_INET
        super().__init__((where.ip, where.port), _Handler)
        self.health, self.loop = health, loop

    def ask(self) -> Readiness:
        """Ask in the event loop of the worker.

        Raises:
            TimeoutError: it does not answer.
        """
        return asyncio.run_coroutine_threadsafe(self.health.check(), self.loop).result(LOOP_TIMEOUT)

    def touch(self) -> None:
        """Wait until the event loop has done something.

        Raises:
            TimeoutError: it does nothing.
        """
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self.loop).result(LOOP_TIMEOUT)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answers one probe."""
        path = self.path.partition("?")[0]
        try:
            match path:
                case _Path.LIVE:
                    self._health_server.touch()
                    self._answer(HTTPStatus.OK, "live", ())
                case _Path.READY:
                    readiness = self._health_server.ask()
                    status = HTTPStatus.OK if readiness.is_ready else HTTPStatus.SERVICE_UNAVAILABLE
                    self._answer(status, "ready" if readiness.is_ready else "not ready", readiness.problems)
                case _:
                    self._answer(
                        HTTPStatus.NOT_FOUND, "unknown path", (f"ask for {_Path.LIVE} or {_Path.READY}",)
                    )
        except TimeoutError:
            problem = f"the event loop of the worker has not answered within {LOOP_TIMEOUT:g} s"
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "not live", (problem,))

    @property
    def _health_server(self) -> _HealthServer:
        assert isinstance(self.server, _HealthServer)
        return self.server

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing: a probe comes every few seconds."""

    def _answer(self, status: HTTPStatus, text: str, problems: tuple[str, ...]) -> None:
        body: Mapping[str, Any] = {
            "status": text,
            "problems": problems,
            "task_queue": self._health_server.health.task_queue,
        }
        written = json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(written)))
        self.end_headers()
        self.wfile.write(written)
