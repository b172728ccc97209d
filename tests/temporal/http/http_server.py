"""Tests of `http` use a real HTTP server, which answers byte by byte as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Handler = Callable[[str, asyncio.StreamWriter], Awaitable[None]]
"""A `Handler` gets the head of a request, and writes the response."""


@dataclass
class HttpServer:
    """An `HttpServer` records its requests, and answers each one with the next of its responses."""

    port: int = 0
    requests: list[str] = field(default_factory=list)
    """The head and the body of each request."""
    responses: list[bytes | Handler] = field(default_factory=list)
    """The first request gets the first response; the last response is repeated."""

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """Return the URL of a path on this server."""
        return f"http://{host}:{self.port}{path}"

    async def _handle_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                text = head.decode()
                lengths = [line for line in text.lower().split("\r\n") if line.startswith("content-length:")]
                body = await reader.readexactly(int(lengths[0].split(":")[1])) if lengths else b""
                response = self.responses[min(len(self.requests), len(self.responses) - 1)]
                self.requests.append(text + body.decode())
                if isinstance(response, bytes):
                    writer.write(response)
                    await writer.drain()
                else:
                    await response(text, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def make_response(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """Make a whole response; underscores in the names of headers become hyphens."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def make_redirect(status: str, location: str) -> bytes:
    """Make a response that redirects."""
    return make_response(status, Location=location)


@asynccontextmanager
async def run_http_server(*responses: bytes | Handler) -> AsyncIterator[HttpServer]:
    """Run a server on a free port for the length of the block."""
    http_server = HttpServer(responses=list(responses))
    server = await asyncio.start_server(http_server._handle_connection, "127.0.0.1", 0)
    http_server.port = server.sockets[0].getsockname()[1]
    try:
        yield http_server
    finally:
        server.close()
