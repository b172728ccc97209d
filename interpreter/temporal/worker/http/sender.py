"""A sender sends the request of an `http` step, follows redirects, and returns the response or raises an error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpcore
import httpx
from temporalio.exceptions import ApplicationError

from interpreter.temporal.secrets.redaction import redact_bytes, redact_text
from interpreter.temporal.tracing.http_headers import TRACE_HEADERS, build_trace_headers
from interpreter.temporal.worker.http.address_guard import RequestRefused
from interpreter.temporal.worker.http.network import CheckedTransport
from interpreter.temporal.worker.http.request import BadRequest, HttpRequest, parse_request
from interpreter.temporal.worker.http.response import (
    BadResponse,
    ResponseTooLarge,
    decode_body,
    read_body,
    take_excerpt,
    take_first_words,
)
from interpreter.temporal.worker.http.settings import HttpSettings
from interpreter.temporal.worker.http.status_classes import is_expected, is_retryable, parse_retry_after

MAXIMUM_REDIRECTS = 5
MAXIMUM_REASON = 100
"""How many letters of a reason phrase a message has at most; a server may send thousands."""

_NEVER_SENT_ERRORS = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.UnsupportedProtocol)
_NETWORK_ERRORS = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
"""The methods that change nothing (RFC 9110 section 9.2.1)."""

_SECRET_HEADERS = ("authorization", "cookie")
_BODY_HEADERS = ("content-length", "content-type", "content-encoding", "content-language", "content-location")
_DEFAULT_HEADERS = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "stepfile"}


class Sender:
    """A `Sender` sends requests, and keeps the connections that they used.

    It does not use `httpx.AsyncClient`. That keeps cookies, so that one run would use the session of another, and it
    logs URLs with their query. Nothing here reads proxies or a netrc from the environment, because a proxy would
    connect to addresses that the guard has not checked.
    """

    def __init__(self, settings: HttpSettings) -> None:
        """Make a sender. Call this in the event loop that will send."""
        self._settings = settings
        self._transport = CheckedTransport(settings)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()

    async def send(self, argument: Any) -> dict[str, Any]:
        """Send a request; `HttpActivity.send_request` tells the rest."""
        try:
            described = parse_request(argument)
            return await self._follow_redirects(_build_request(described), described)
        except BadRequest as error:
            raise _build_final_error("Http.Request", str(error)) from None
        except RequestRefused as error:
            raise _build_final_error("Http.Refused", str(error)) from None

    async def _follow_redirects(
        self, request: httpx.Request, described: HttpRequest, redirects: int = MAXIMUM_REDIRECTS
    ) -> dict[str, Any]:
        while True:
            response = await self._send(request)
            try:
                status = response.status_code
                if is_expected(status, described.expect) or not _is_redirect(response, request):
                    return await self._read_response(response, request, described)
            finally:
                await response.aclose()
            redirects -= 1
            if status == 303 and request.method not in _SAFE_METHODS:
                return await self._follow_see_other(response, request, described, redirects)
            request = _build_redirected_request(response, request, redirects)

    async def _follow_see_other(
        self, response: httpx.Response, request: httpx.Request, described: HttpRequest, redirects: int
    ) -> dict[str, Any]:
        """Follow a 303, which says where to read about the work that the request may have done.

        Whatever fails from here on, the request itself is not known to have failed.
        """
        try:
            return await self._follow_redirects(
                _build_redirected_request(response, request, redirects), described, redirects
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
        """Send a request, and return its response, whose body has not been read and which must be closed."""
        if request.url.scheme not in ("http", "https") or not request.url.host:
            raise RequestRefused(f"{_describe_request(request)} is not an http or https address")
        try:
            return await self._transport.handle_async_request(request)
        except _NEVER_SENT_ERRORS as error:
            raise ApplicationError(
                f"{_describe_request(request)}: {_describe_error(error)}", type="Http.Connect"
            ) from error
        except httpcore.LocalProtocolError:  # its text quotes headers
            raise BadRequest("the request can't be sent: it would break the rules of HTTP") from None
        except _NETWORK_ERRORS as error:
            raise ApplicationError(
                f"{_describe_request(request)}: {_describe_error(error)}", type="Http.Network"
            ) from error

    async def _read_response(
        self, response: httpx.Response, request: httpx.Request, described: HttpRequest
    ) -> dict[str, Any]:
        status = response.status_code
        expected = is_expected(status, described.expect)
        try:
            body = await read_body(response, self._settings.max_response_size)
            if expected:
                return {
                    "status": status,
                    "headers": dict(response.headers),
                    "body": decode_body(response, body),
                }
        except BadResponse as error:
            if expected:
                kind = "Http.TooLarge" if isinstance(error, ResponseTooLarge) else "Http.Response"
                raise _build_final_error(kind, f"{_describe_request(request)}: {error}") from None
            body = b""  # the status matters more than the body
        except _NETWORK_ERRORS as error:
            if expected:
                raise ApplicationError(
                    f"{_describe_request(request)}: {_describe_error(error)}", type="Http.Network"
                ) from error
            body = b""
        retryable = is_retryable(status)
        wait = parse_retry_after(
            response.headers.get("retry-after"), datetime.now(UTC), self._settings.maximum_retry_after
        )
        # before a text is cut in the middle of a value
        body, reason = redact_bytes(body), redact_text(response.reason_phrase)
        answered = f"{_describe_request(request)} answered {status} {reason[:MAXIMUM_REASON]}"
        raise ApplicationError(
            ": ".join(filter(None, (answered.rstrip(), take_first_words(body)))),
            {"status": status, "body": take_excerpt(body)},
            type=f"Http.{status}",
            non_retryable=not retryable,
            # A wait of zero leaves the wait to the retry policy, so that the server is not asked at full speed.
            next_retry_delay=(wait or None) if retryable else None,
        )


def _build_request(what: HttpRequest) -> httpx.Request:
    try:
        url = httpx.URL(what.url)
        if what.query:
            url = url.copy_merge_params(what.query)
        request = httpx.Request(
            what.method,
            url,
            headers={**_DEFAULT_HEADERS, **_build_trace_headers(what), **what.headers},
            content=what.content,
        )
    except (httpx.InvalidURL, ValueError) as error:
        # After the colon the text quotes the URL, which may have a part of a password.
        raise BadRequest(f"the url is not valid: {str(error).partition(':')[0]}") from None
    if url.userinfo:
        raise BadRequest("the url has a user name or password; send an Authorization header instead")
    return request


def _build_trace_headers(what: HttpRequest) -> dict[str, str]:
    return {} if TRACE_HEADERS.intersection(what.headers) else build_trace_headers()


def _keeps_method(response: httpx.Response, request: httpx.Request) -> bool:
    status = response.status_code
    return status in (307, 308) or (status in (301, 302) and request.method in ("GET", "HEAD"))


def _is_redirect(response: httpx.Response, request: httpx.Request) -> bool:
    """Tell whether a response redirects, and may be followed automatically (RFC 9110 section 15.4)."""
    return "location" in response.headers and (
        response.status_code == 303 or _keeps_method(response, request)
    )


def _build_redirected_request(response: httpx.Response, request: httpx.Request, left: int) -> httpx.Request:
    """Build the request that a redirect asks for.

    Args:
        response: The response that redirects.
        request: The request that it answers.
        left: How many more redirects may be followed after this one; less than zero is one too many.

    Raises:
        RequestRefused: there are too many redirects, or this one leads from https to http or to an invalid URL, or
            to another host which would get a secret in the body.
    """
    if left < 0:
        raise RequestRefused(f"{_describe_request(request)}: more than {MAXIMUM_REDIRECTS} redirects")
    keeps_method, location = _keeps_method(response, request), response.headers["location"]
    try:
        url = request.url.join(location)
    except (httpx.InvalidURL, ValueError):
        raise RequestRefused(f"{_describe_request(request)} redirects to an invalid URL") from None
    if url.userinfo:
        raise RequestRefused(f"{_describe_request(request)} redirects to a URL with a user name")
    if request.url.scheme == "https" and url.scheme != "https":
        raise RequestRefused(f"{_describe_request(request)} redirects from https to {url.scheme}")
    leaves = (url.scheme, url.host, url.port) != (request.url.scheme, request.url.host, request.url.port)
    dropped = {"host", *(_SECRET_HEADERS if leaves else ()), *(() if keeps_method else _BODY_HEADERS)}
    headers = [
        (name, value)
        for name, value in request.headers.items()
        if name not in dropped and not (leaves and _has_secret(value.encode()))
    ]
    if leaves and keeps_method and _has_secret(request.content):
        raise RequestRefused(
            f"{_describe_request(request)} redirects to another host, and the body has a secret"
        )
    if keeps_method:
        return httpx.Request(request.method, url, headers=headers, content=request.content)
    return httpx.Request("HEAD" if request.method == "HEAD" else "GET", url, headers=headers)


def _has_secret(data: bytes) -> bool:
    return redact_bytes(data) is not data


def _describe_request(request: httpx.Request) -> str:
    """Describe a request by its method and URL, without the query and the credentials, which may be secret."""
    url = request.url
    return f"{request.method} {url.scheme}://{url.netloc.decode('ascii')}{url.path}"


def _describe_error(error: Exception) -> str:
    return str(error) or type(error).__name__


def _build_final_error(kind: str, message: str) -> ApplicationError:
    return ApplicationError(message, type=kind, non_retryable=True)
