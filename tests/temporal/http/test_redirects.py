"""The activity follows redirects, but not to where it may not send requests."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from interpreter.failure.error_types import UNCERTAIN
from interpreter.temporal.secrets.redaction import forget_secrets, learn_secret
from interpreter.temporal.worker.http.activity import HttpActivity
from interpreter.temporal.worker.http.address_guard import RequestRefused
from interpreter.temporal.worker.http.sender import _build_redirected_request
from interpreter.temporal.worker.http.settings import HttpSettings
from tests.temporal.http.activity_calls import JSON, LOCAL, fail, send, send_many
from tests.temporal.http.http_server import make_redirect, make_response, run_http_server


async def test_a_redirect_is_followed_without_secrets_for_another_host() -> None:
    async with (
        run_http_server(JSON) as other,
        run_http_server(
            make_redirect("302 Found", "x"), make_redirect("307 Away", other.url("/y"))
        ) as server,
    ):
        found = await send(url=server.url("/a/b"), headers={"Authorization": "secret", "X-Key": "k"})
    assert found["body"] == {"a": [1, 2.5, None]}
    assert server.requests[1].startswith("GET /a/x ")
    assert "secret" in server.requests[1]
    assert "secret" not in other.requests[0]
    assert f"host: 127.0.0.1:{other.port}\r\n" in other.requests[0].lower()
    assert "x-key: k" in other.requests[0].lower()


@pytest.mark.parametrize(
    ("status", "second"),
    [
        ("303 See Other", "GET /b HTTP/1.1"),
        ("307 Again", "POST /b HTTP/1.1"),
        ("308 For Ever", "POST /b HTTP/1.1"),
    ],
)
async def test_how_a_redirect_changes_a_request(status: str, second: str) -> None:
    async with run_http_server(make_redirect(status, "/b"), JSON) as server:
        await send(method="POST", url=server.url("/a"), json={"a": 1})
    assert server.requests[1].startswith(second)
    assert server.requests[1].endswith('{"a":1}') is (second[0] == "P")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found"])
async def test_a_redirect_that_would_change_the_method_is_an_error(status: str) -> None:
    async with run_http_server(make_redirect(status, "/b")) as server:
        failed = await fail(method="POST", url=server.url("/a"), body="x")
    assert (failed.type, len(server.requests)) == (f"Http.{status[:3]}", 1)


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "http://user:pw@example.com/",
    ],
)
async def test_a_redirect_to_a_refused_address_is_refused(to: str) -> None:
    async with run_http_server(make_redirect("302 Found", to)) as server:
        failed = await fail(url=server.url())
    assert (failed.type, failed.non_retryable) == ("Http.Refused", True)


async def test_the_number_of_redirects_is_bounded() -> None:
    async with run_http_server(make_redirect("302 Found", "/again")) as server:
        failed = await fail(url=server.url())
    assert (failed.type, len(server.requests)) == ("Http.Refused", 6)


@pytest.mark.parametrize(
    "to", ["http://u:p@example.com/", "http://10.0.0.1/", "http://x:y/?token=secret", "ftp://a/"], ids=str
)
async def test_a_refused_redirect_leaves_no_connection_open(to: str) -> None:
    http = HttpActivity(LOCAL)
    closed = 0

    async def move(_: str, writer: asyncio.StreamWriter) -> None:
        nonlocal closed
        writer.write(make_redirect("302 Found", to)[:-2] + b"X: y\r\n\r\n")
        await writer.drain()

    async with run_http_server(move) as server, http.hold_connections():
        failures = await send_many(http, 12, url=server.url())
        assert http._sender is not None
        assert all(connection.is_idle() for connection in http._sender._transport._pool.connections)
    assert {failed.type for failed in failures} == {"Http.Refused"}
    assert "secret" not in str(failures)


@pytest.mark.parametrize(
    ("second", "why", "retryable"),
    [
        (make_response("503 No", Retry_After="7"), "answered 503", True),
        (make_response("404 No"), "answered 404", False),
        (make_redirect("302 Found", "http://10.0.0.1/"), "not a public address", False),
        (make_redirect("302 Found", "/again"), "more than 5 redirects", False),
        (make_response(body=b"{", Content_Type="application/json"), "not JSON", False),
    ],
    ids=["503", "404", "refused", "endless", "broken"],
)
async def test_the_outcome_of_a_post_is_not_known_if_what_follows_its_303_fails(
    second: bytes, why: str, retryable: bool
) -> None:
    async with run_http_server(make_redirect("303 See Other", "/done"), second) as server:
        failed = await fail(method="POST", url=server.url(), body="x")
    assert (failed.type, failed.non_retryable) == ("Http.303", not retryable)
    assert failed.type in UNCERTAIN
    assert "answered 303, then: " in failed.message
    assert why in failed.message
    assert failed.next_retry_delay == (timedelta(seconds=7) if retryable else None)
    assert len(server.requests) <= 6


@pytest.mark.parametrize("to", ["http://10.0.0.1/", "ftp://example.com/", "http://u:p@example.com/"])
async def test_the_outcome_of_a_post_is_not_known_if_its_303_is_refused(to: str) -> None:
    async with run_http_server(make_redirect("303 See Other", to)) as server:
        assert (await fail(method="POST", url=server.url())).type == "Http.303"
        assert (await fail(method="GET", url=server.url())).type == "Http.Refused"


async def test_a_redirect_never_leaves_https() -> None:
    """This tests the decision only, because a server with TLS would need a certificate."""
    request = httpx.Request("GET", "https://a.example/")
    response = httpx.Response(302, headers={"location": "http://a.example/"})
    with pytest.raises(RequestRefused, match="from https to http"):
        _build_redirected_request(response, request, 5)
    upward = _build_redirected_request(
        httpx.Response(302, headers={"location": "https://a.example/"}),
        httpx.Request("GET", "http://a.example/", headers={"Cookie": "a", "X": "y"}),
        5,
    )
    assert ("cookie" in upward.headers, upward.headers["x"]) == (False, "y")


async def test_no_other_host_gets_a_secret_by_a_redirect() -> None:
    """A header with a secret is left out, whatever it is called; a body with one is not sent on."""
    learn_secret("KEY", "value-of-the-key")
    try:
        async with run_http_server(make_response()) as other:
            to = make_redirect("307 Temporary Redirect", other.url("/x", host="localhost"))
            settings = HttpSettings(allow_private=("127.0.0.1", "localhost"))
            async with run_http_server(to) as server:
                await send(settings, url=server.url(), headers={"X-Key": "value-of-the-key", "X-Other": "x"})
                asked = {"method": "POST", "url": server.url(), "body": "k=value-of-the-key"}
                failed = await fail(settings, **asked)
    finally:
        forget_secrets()
    assert [("value-of-the-key" in each, "x-other" in each.lower()) for each in other.requests] == [
        (False, True)
    ]
    assert (failed.type, failed.non_retryable) == ("Http.Refused", True)
    assert "redirects to another host, and the body has a secret" in failed.message
