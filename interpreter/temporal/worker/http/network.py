"""Connections are made only to addresses that were checked."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from typing import cast

import httpcore
import httpx

from interpreter.temporal.worker.http.address_guard import check_addresses, check_host
from interpreter.temporal.worker.http.settings import HttpSettings

CONNECT_SECONDS = 10.0
"""How many seconds it may take to resolve a host and to connect to one of its addresses, and then again for TLS.

Without this bound, an address that does not answer would take all the time of an attempt, and nobody would know that
nothing was sent.
"""

IDLE_SECONDS = 5.0
"""After how many seconds an idle connection is closed, because routers drop idle connections without notice."""

_MAXIMUM_IDLE_CONNECTIONS = 20


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """A `CheckedNetwork` resolves a host itself, checks every address, and connects to one that was checked.

    So it does not help an attacker if the host resolves to another address a moment later (DNS rebinding). A
    connection that is kept open is used for the same scheme, host and port only, which were checked here.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        # pyright sees only the class that takes its place where anyio is not installed.
        self._network = cast(httpcore.AsyncNetworkBackend, httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to one of the addresses of a host.

        Raises:
            RequestRefused: the worker may not connect to the host, or to one of its addresses.
            httpcore.ConnectError: no address answers.
            httpcore.ConnectTimeout: no address answers in time.
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
        """Refuse to connect: a URL can't name a Unix socket."""
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore does between attempts."""
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
    """A `CheckedTransport` sends the requests of httpx over a pool of httpcore that uses `CheckedNetwork`.

    The own transport of httpx can't use another network.

    There are as many connections as there are requests. The worker bounds how many activities run at once, and an
    activity that waited for the connection of another one would lose its time.
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
        """Send a request, and return its response, whose body has not been read.

        Raises:
            Exception: an error of httpcore, which tells better than one of httpx whether anything was sent.
        """
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
            response.status,
            headers=response.headers,
            stream=_Body(response),
            # httpcore says `dict` without the types of keys and values.
            extensions=response.extensions,  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._response.aiter_stream():
            yield part

    async def aclose(self) -> None:
        await self._response.aclose()
