"""The activity: asks, follows redirects, and says how it went.

Its time is bounded as that of every async activity, by `start_to_close`
(see `interpreter.temporal.worker.attempt_timeout`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpcore
import httpx
from temporalio import activity
from temporalio.exceptions import ApplicationError

from interpreter.program.model import HTTP_ACTIVITY
from interpreter.temporal.worker.http.address_guard import RequestRefused
from interpreter.temporal.worker.http.network import CheckedTransport
from interpreter.temporal.worker.http.request import BadRequest, HttpRequest, parse_request
from interpreter.temporal.worker.http.response import (
    BadResponse,
    ResponseTooLarge,
    decode_body,
    read_body,
    take_excerpt,
)
from interpreter.temporal.worker.http.settings import HttpSettings
from interpreter.temporal.worker.http.status_classes import is_expected, is_retryable, parse_retry_after

MAXIMUM_REDIRECTS = 5
HEARTBEAT_WITHOUT_TIMEOUT = 10.0
"""Seconds; so that a request to stop is heard at all."""

MAXIMUM_REASON = 100
"""Letters of a reason phrase: a server may send thousands."""

_NEVER_SENT_ERRORS = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.UnsupportedProtocol)
_NETWORK_ERRORS = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing (RFC 9110 section 9.2.1)."""

_SECRET_HEADERS = ("authorization", "cookie")
_BODY_HEADERS = ("content-length", "content-type", "content-encoding", "content-language", "content-location")
_DEFAULT_HEADERS = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "stepfile"}


class HttpActivity:
    """The activity of one worker, and its connections.

    There is no `httpx.AsyncClient`: it keeps cookies, so that one run would ask with the session of another, and it
    logs addresses with their query. Nothing here reads proxies or a netrc from the environment: they would lead
    around the guard.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._transport: CheckedTransport | None = None

    @asynccontextmanager
    async def hold_connections(self) -> AsyncIterator[None]:
        """Closes them at its end."""
        try:
            yield
        finally:
            if self._transport is not None:
                await self._transport.aclose()
                self._transport = None

    @activity.defn(name=HTTP_ACTIVITY)
    async def ask(self, argument: Any) -> dict[str, Any]:
        """
        Args:
            argument: A map as `asked` takes it.

        Returns:
            `status`, `headers` (names in small letters) and `body` (data, text or null).

        Raises:
            ApplicationError: of type `Http.*`; how-to `call-http` lists them.
        """
        async with _send_heartbeats():
            try:
                what = parse_request(argument)
                return await self._follow_redirects(_build_request(what), what)
            except BadRequest as error:
                raise _build_final_error("Http.Request", str(error)) from None
            except RequestRefused as error:
                raise _build_final_error("Http.Refused", str(error)) from None

    async def _follow_redirects(
        self, request: httpx.Request, what: HttpRequest, redirects: int = MAXIMUM_REDIRECTS
    ) -> dict[str, Any]:
        while True:
            response = await self._send(request)
            try:
                if is_expected(response.status_code, what.expect) or not _is_redirect(response, request):
                    return await self._read_response(response, request, what)
            finally:
                await response.aclose()
            redirects -= 1
            if response.status_code == 303 and request.method not in _SAFE_METHODS:
                return await self._follow_see_other(response, request, what, redirects)
            request = _build_redirected_request(response, request, redirects)

    async def _follow_see_other(
        self, response: httpx.Response, request: httpx.Request, what: HttpRequest, redirects: int
    ) -> dict[str, Any]:
        """The request may have done its work, and the answer says where to read about it. So whatever goes wrong from
        here on, it is not known to have failed."""
        try:
            return await self._follow_redirects(
                _build_redirected_request(response, request, redirects), what, redirects
            )
        except (ApplicationError, RequestRefused) as error:
            known = (
                error
                if isinstance(error, ApplicationError)
                else _build_final_error("Http.Refused", str(error))
            )
            raise ApplicationError(
                f"{_describe_request(request)} answered 303, then: {known.message}",
                *known.details,
                type="Http.303",
                non_retryable=known.non_retryable,
                next_retry_delay=known.next_retry_delay,
            ) from known.__cause__

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """The head of the answer; the body is still to be read, and the response to be closed."""
        if request.url.scheme not in ("http", "https") or not request.url.host:
            raise RequestRefused(f"{_describe_request(request)} is not an http or https address")
        if self._transport is None:  # made in the worker's own event loop
            self._transport = CheckedTransport(self._settings)
        try:
            return await self._transport.handle_async_request(request)
        except _NEVER_SENT_ERRORS as error:
            raise ApplicationError(
                f"{_describe_request(request)}: {_describe_error(error)}", type="Http.Connect"
            ) from error
        except httpcore.LocalProtocolError:  # its words quote headers
            raise BadRequest("can't be sent: it would break the rules of HTTP") from None
        except _NETWORK_ERRORS as error:
            raise ApplicationError(
                f"{_describe_request(request)}: {_describe_error(error)}", type="Http.Network"
            ) from error

    async def _read_response(
        self, response: httpx.Response, request: httpx.Request, what: HttpRequest
    ) -> dict[str, Any]:
        status = response.status_code
        wanted = is_expected(status, what.expect)
        try:
            body = await read_body(response, self._settings.max_response_size)
            if wanted:
                return {
                    "status": status,
                    "headers": dict(response.headers),
                    "body": decode_body(response, body),
                }
        except BadResponse as error:
            if wanted:
                kind = "Http.TooLarge" if isinstance(error, ResponseTooLarge) else "Http.Response"
                raise _build_final_error(kind, f"{_describe_request(request)}: {error}") from None
            body = b""  # the status says more
        except _NETWORK_ERRORS as error:
            if wanted:
                raise ApplicationError(
                    f"{_describe_request(request)}: {_describe_error(error)}", type="Http.Network"
                ) from error
            body = b""
        retryable = is_retryable(status)
        wait = parse_retry_after(
            response.headers.get("retry-after"), datetime.now(UTC), self._settings.maximum_retry_after
        )
        raise ApplicationError(
            f"{_describe_request(request)} answered {status} {response.reason_phrase[:MAXIMUM_REASON]}".rstrip(),
            {"status": status, "body": take_excerpt(body)},
            type=f"Http.{status}",
            non_retryable=not retryable,
            # A wait of zero leaves it to the policy, which is longer: no loop at full speed.
            next_retry_delay=(wait or None) if retryable else None,
        )


def _build_request(what: HttpRequest) -> httpx.Request:
    try:
        url = httpx.URL(what.url)
        if what.query:
            url = url.copy_merge_params(what.query)
        request = httpx.Request(
            what.method, url, headers={**_DEFAULT_HEADERS, **what.headers}, content=what.content
        )
    except (httpx.InvalidURL, ValueError) as error:
        # What comes after the colon is quoted, and may be a part of a password.
        raise BadRequest(f"the url is none: {str(error).partition(':')[0]}") from None
    if url.userinfo:
        raise BadRequest("the url holds a user name or password; send an Authorization header instead")
    return request


def _keeps_method(response: httpx.Response, request: httpx.Request) -> bool:
    status = response.status_code
    return status in (307, 308) or (status in (301, 302) and request.method in ("GET", "HEAD"))


def _is_redirect(response: httpx.Response, request: httpx.Request) -> bool:
    """Whether a response asks for a request that may be made without asking anybody (RFC 9110 section 15.4)."""
    return "location" in response.headers and (
        response.status_code == 303 or _keeps_method(response, request)
    )


def _build_redirected_request(response: httpx.Response, request: httpx.Request, left: int) -> httpx.Request:
    """The request that a response asks for instead.

    Args:
        response: One that redirects.
        request: What it answers.
        left: How many more may follow.

    Raises:
        Refused: one too many, from https to http, or to what is no address.
    """
    if left < 0:
        raise RequestRefused(f"{_describe_request(request)}: more than {MAXIMUM_REDIRECTS} redirects")
    same, location = _keeps_method(response, request), response.headers["location"]
    try:
        url = request.url.join(location)
    except (httpx.InvalidURL, ValueError):
        raise RequestRefused(f"{_describe_request(request)} redirects to what is no address") from None
    if url.userinfo:
        raise RequestRefused(f"{_describe_request(request)} redirects to an address with a user name")
    if request.url.scheme == "https" and url.scheme != "https":
        raise RequestRefused(f"{_describe_request(request)} redirects from https to {url.scheme}")
    away = (url.scheme, url.host, url.port) != (request.url.scheme, request.url.host, request.url.port)
    dropped = {"host", *(_SECRET_HEADERS if away else ()), *(() if same else _BODY_HEADERS)}
    headers = [(name, value) for name, value in request.headers.items() if name not in dropped]
    if same:
        return httpx.Request(request.method, url, headers=headers, content=request.content)
    return httpx.Request("HEAD" if request.method == "HEAD" else "GET", url, headers=headers)


def _describe_request(request: httpx.Request) -> str:
    """Method and address, without what may be secret: query and credentials."""
    url = request.url
    return f"{request.method} {url.scheme}://{url.netloc.decode('ascii')}{url.path}"


def _describe_error(error: Exception) -> str:
    return str(error) or type(error).__name__


def _build_final_error(kind: str, message: str) -> ApplicationError:
    return ApplicationError(message, type=kind, non_retryable=True)


@asynccontextmanager
async def _send_heartbeats() -> AsyncIterator[None]:
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
