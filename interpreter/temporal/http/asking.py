"""The activity: asks, follows redirects, and says how it went.

Its time is bounded as that of every async activity, by `start_to_close` (see `interpreter.temporal.in_time`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpcore
import httpx
from temporalio import activity
from temporalio.exceptions import ApplicationError

from interpreter.program import HTTP_ACTIVITY
from interpreter.temporal.http.answer import BadAnswer, TooLarge, as_data, excerpt, read_body
from interpreter.temporal.http.asked import Asked, BadRequest, asked
from interpreter.temporal.http.classes import is_expected, is_retryable, retry_after
from interpreter.temporal.http.guard import Refused, check_host
from interpreter.temporal.http.network import CheckedTransport
from interpreter.temporal.http.settings import HttpSettings

MOST_REDIRECTS = 5
HEARTBEAT_WITHOUT_TIMEOUT = 10.0
"""Seconds; so that a request to stop is heard at all."""

_NEVER_SENT = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.UnsupportedProtocol)
_SECRET = ("authorization", "cookie", "proxy-authorization")


def http_activity(settings: HttpSettings) -> Callable[..., Any]:
    """The activity, for one worker. Its connections live as long as the worker does."""
    client: list[httpx.AsyncClient] = []

    @activity.defn(name=HTTP_ACTIVITY)
    async def ask(argument: Any) -> dict[str, Any]:
        if not client:  # made in the worker's own event loop
            client.append(_client(settings))
        async with _heartbeats():
            return await _asked(client[0], argument, settings)

    return ask


def _client(settings: HttpSettings) -> httpx.AsyncClient:
    """No proxies and no netrc of the environment: they would lead around the guard."""
    return httpx.AsyncClient(
        transport=CheckedTransport(settings), timeout=None, trust_env=False, follow_redirects=False
    )


async def _asked(client: httpx.AsyncClient, argument: Any, settings: HttpSettings) -> dict[str, Any]:
    try:
        what = asked(argument)
        request = _request(client, what)
        for _ in range(MOST_REDIRECTS + 1):
            response = await _sent(client, request, settings)
            following = (
                None if is_expected(response.status_code, what.expect) else _redirect(response, request)
            )
            if following is None:
                return await _answered(response, request, what, settings)
            await response.aclose()
            request = following
        raise Refused(f"more than {MOST_REDIRECTS} redirects")
    except BadRequest as error:
        raise _final("Http.Request", str(error)) from None
    except Refused as error:
        raise _final("Http.Refused", str(error)) from None


def _request(client: httpx.AsyncClient, what: Asked) -> httpx.Request:
    try:
        url = httpx.URL(what.url)
        if what.query:
            url = url.copy_merge_params(what.query)
        request = client.build_request(
            what.method, url, headers={"accept-encoding": "identity", **what.headers}, content=what.content
        )
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise BadRequest(f"can't be sent: {error}") from None
    if url.userinfo:
        raise BadRequest("the url holds a user name or password; send an Authorization header instead")
    return request


async def _sent(client: httpx.AsyncClient, request: httpx.Request, settings: HttpSettings) -> httpx.Response:
    if request.url.scheme not in ("http", "https") or not request.url.host:
        raise Refused(f"{_named(request)} is not an http or https address")
    check_host(
        request.url.raw_host.decode("ascii"), settings
    )  # also where a connection to it is open already
    try:
        return await client.send(request, stream=True)
    except _NEVER_SENT as error:
        raise ApplicationError(f"{_named(request)}: {_why(error)}", type="Http.Connect") from error
    except httpcore.LocalProtocolError as error:
        raise BadRequest(f"can't be sent: {error}") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        raise ApplicationError(f"{_named(request)}: {_why(error)}", type="Http.Network") from error


def _redirect(response: httpx.Response, request: httpx.Request) -> httpx.Request | None:
    """The request that a response asks for instead (RFC 9110 section 15.4); None if it asks for none that may be made
    without asking anybody.

    Raises:
        Refused: from https to http.
    """
    status, location = response.status_code, response.headers.get("location")
    same = status in (307, 308) or (status in (301, 302) and request.method in ("GET", "HEAD"))
    if location is None or not (same or status == 303):
        return None
    try:
        url = request.url.join(location)
    except (httpx.InvalidURL, ValueError):
        raise Refused(f"{_named(request)} redirects to {location[:200]!r}, which is no address") from None
    if url.userinfo:
        raise Refused(f"{_named(request)} redirects to an address with a user name")
    if request.url.scheme == "https" and url.scheme != "https":
        raise Refused(f"{_named(request)} redirects from https to {url.scheme}")
    away = (url.scheme, url.host, url.port) != (request.url.scheme, request.url.host, request.url.port)
    dropped = {"host", *(_SECRET if away else ()), *(() if same else ("content-length", "content-type"))}
    headers = [(name, value) for name, value in request.headers.items() if name not in dropped]
    if same:
        return httpx.Request(request.method, url, headers=headers, content=request.content)
    return httpx.Request("HEAD" if request.method == "HEAD" else "GET", url, headers=headers)


async def _answered(
    response: httpx.Response, request: httpx.Request, what: Asked, settings: HttpSettings
) -> dict[str, Any]:
    status = response.status_code
    try:
        body = await read_body(response, settings.max_response_size)
        if is_expected(status, what.expect):
            return {"status": status, "headers": dict(response.headers), "body": as_data(response, body)}
    except (TooLarge, BadAnswer) as error:
        kind = "Http.TooLarge" if isinstance(error, TooLarge) else "Http.Response"
        if is_expected(status, what.expect):
            raise _final(kind, f"{_named(request)}: {error}") from None
        body = b""  # the status says more
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
        raise ApplicationError(f"{_named(request)}: {_why(error)}", type="Http.Network") from error
    finally:
        await response.aclose()
    wait = retry_after(response.headers.get("retry-after"), datetime.now(UTC), settings.maximum_retry_after)
    raise ApplicationError(
        f"{_named(request)} answered {status} {response.reason_phrase}".rstrip(),
        {"status": status, "body": excerpt(body)},
        type=f"Http.{status}",
        non_retryable=not is_retryable(status),
        next_retry_delay=wait if is_retryable(status) else None,
    )


def _named(request: httpx.Request) -> str:
    """Method and address, without what may be secret: query and credentials."""
    url = request.url
    return f"{request.method} {url.scheme}://{url.netloc.decode('ascii')}{url.path}"


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__


def _final(kind: str, message: str) -> ApplicationError:
    return ApplicationError(message, type=kind, non_retryable=True)


@asynccontextmanager
async def _heartbeats() -> AsyncIterator[None]:
    limit = activity.info().heartbeat_timeout
    beating = asyncio.ensure_future(_beat(limit.total_seconds() / 3 if limit else HEARTBEAT_WITHOUT_TIMEOUT))
    try:
        yield
    finally:
        beating.cancel()


async def _beat(every: float) -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(every)
