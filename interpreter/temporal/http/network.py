"""Connections to addresses that were checked, and to no other."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable

import httpcore
import httpx

from interpreter.temporal.http.guard import check_addresses, check_host
from interpreter.temporal.http.settings import HttpSettings


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves a name itself, checks every address, and connects to one that was checked: a name that leads
    somewhere else a moment later (DNS rebinding) is of no use."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """
        Raises:
            Refused: the host, or one of its addresses, may not be asked.
            httpcore.ConnectError: nobody answers.
        """
        check_host(host, self._settings)
        addresses = await _resolved(host, port)
        check_addresses(host, addresses, self._settings)
        failed: Exception | None = None
        for address in addresses:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError as error:
                failed = error
        raise failed or httpcore.ConnectError(f"{host} has no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _resolved(host: str, port: int) -> list[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} can't be resolved: {error}") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class CheckedTransport(httpx.AsyncBaseTransport):
    """httpx over httpcore's pool, with our network below. (httpx's own transport takes no other network.)"""

    def __init__(self, settings: HttpSettings) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(), network_backend=CheckedNetwork(settings)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Errors are httpcore's: they tell better than httpx's whether anything was sent."""
        url = request.url
        assert isinstance(request.stream, httpx.AsyncByteStream)
        response = await self._pool.handle_async_request(
            httpcore.Request(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            response.status, headers=response.headers, stream=_Body(response), extensions=response.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._response.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()
