"""What `stepfile dlq stats --prometheus` prints is served to Prometheus, as the textfile collector does it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self

from tests.deploy.files import DEPLOY
from tests.support.processes import stepfile

PAUSE = 5.0
"""Seconds between two questions."""


class LetterPage:
    """Serves the last answer."""

    def __init__(self, temporal: str) -> None:
        """
        Args:
            temporal: The address of the server that keeps the letters.
        """
        self._temporal, self._text = temporal, ""
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with suppress(BrokenPipeError):  # Prometheus waits for a second only
                    self.send_response(200)
                    self.send_header("content-type", "text/plain; version=0.0.4")
                    self.end_headers()
                    self.wfile.write(page._text.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Write nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        """Where Prometheus finds it."""
        return f"127.0.0.1:{self._server.server_port}"

    async def renew(self) -> None:
        """Ask again and again, until this is cancelled."""
        command = ("dlq", "stats", "--prometheus", "--address", self._temporal)
        while True:
            ended = await asyncio.to_thread(stepfile, *command, cwd=DEPLOY.parent)
            if ended.returncode == 0:
                self._text = ended.stdout
            await asyncio.sleep(PAUSE)

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
