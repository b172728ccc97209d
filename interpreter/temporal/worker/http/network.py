"""Connections to addresses that were checked, and to no other."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable

import httpcore
import httpx

from interpreter.temporal.worker.http.address_guard import check_addresses, check_host
from interpreter.temporal.worker.http.settings import HttpSettings

CONNECT_SECONDS = 10.0
"""For finding the addresses and connecting to one of them, and again for TLS. Without a bound an address that does
not answer would take all of an attempt, and nobody would know that nothing was sent."""

IDLE_SECONDS = 5.0
"""Then a connection is closed: what lies between forgets it without a word."""

_MAXIMUM_IDLE_CONNECTIONS = 20


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves a name itself, checks every address, and connects to one that was checked: a name that leads
    somewhere else a moment later (DNS rebinding) is of no use.

    A connection that is kept is used for the same scheme, host and port only, and those have passed here.
    """

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
            httpcore.ConnectTimeout: nobody answers in time.
        """
        check_host(host, self._settings)
        now = asyncio.get_running_loop().time
        end = now() + CONNECT_SECONDS
        addresses = await _resolve(host, port)
        check_addresses(host, addresses, self._settings)
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for index, address in enumerate(addresses):
            share = max(end - now(), 0.0) / (len(addresses) - index)
            try:
                return await self._network.connect_tcp(address, port, share, local_address, socket_options)
            except httpcore.ConnectTimeout:
                failed = httpcore.ConnectTimeout(f"no connection to {address} in time")
            except httpcore.ConnectError as error:
                failed = error
        raise failed

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _resolve(host: str, port: int) -> list[str]:
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError:
        raise httpcore.ConnectTimeout(f"{host} was not resolved in time") from None
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} can't be resolved: {error}") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class CheckedTransport(httpx.AsyncBaseTransport):
    """httpx over httpcore's pool, with our network below. (httpx's own transport takes no other network.)

    As many connections as there are requests: the worker bounds how many activities run at once, and one that waits
    for another's connection would lose its time.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=None,
            max_keepalive_connections=_MAXIMUM_IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=CheckedNetwork(settings),
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
                extensions={"timeout": {"connect": CONNECT_SECONDS}},
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
