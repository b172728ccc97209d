"""A real HTTP server that answers byte by byte as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Handler = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Site:
    """What was asked, and how it is answered."""

    port: int = 0
    asked: list[str] = field(default_factory=list)
    """Head and body of each request."""
    answers: list[bytes | Handler] = field(default_factory=list)
    """The first request gets the first; the last repeats."""

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                text = head.decode()
                lengths = [line for line in text.lower().split("\r\n") if line.startswith("content-length:")]
                body = await reader.readexactly(int(lengths[0].split(":")[1])) if lengths else b""
                answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
                self.asked.append(text + body.decode())
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                else:
                    await answer(text, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def answer(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """A whole response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def serving(*answers: bytes | Handler) -> AsyncIterator[Site]:
    """Run a site on a free port."""
    site = Site(answers=list(answers))
    server = await asyncio.start_server(site._serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()
