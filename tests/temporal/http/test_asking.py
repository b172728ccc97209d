"""The built-in activity against real servers on this machine."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from interpreter.temporal.worker.http.activity import HttpActivity
from interpreter.temporal.worker.http.response import decode_body
from interpreter.temporal.worker.http.settings import HttpSettings
from tests.support.waiting import until
from tests.temporal.http.site import Handler, answer, serving

HERE = HttpSettings(allow_private=("127.0.0.1",), max_response_size=10_000)
JSON = answer(body=b'{"a": [1, 2.5, null]}', Content_Type="application/json; charset=utf-8", X_Id="7")


async def ask(settings: HttpSettings = HERE, **argument: Any) -> dict[str, Any]:
    return await ask_with(HttpActivity(settings), argument)


async def ask_with(http: HttpActivity, argument: Any) -> dict[str, Any]:
    async with http.hold_connections():
        result: dict[str, Any] = await ActivityEnvironment().run(http.ask, argument)
        return result


async def failure(settings: HttpSettings = HERE, **argument: Any) -> ApplicationError:
    with pytest.raises(ApplicationError) as failed:
        await ask(settings, **argument)
    return failed.value


async def test_json_comes_as_data_with_status_and_headers() -> None:
    async with serving(JSON) as site:
        found = await ask(url=site.url("/a"), query={"q": "ä b", "n": [1, 2]}, headers={"X-Key": "k1"})
    assert found["status"] == 200
    assert found["headers"]["x-id"] == "7"
    assert found["body"] == {"a": [1, 2.5, None]}
    assert site.asked[0].startswith("GET /a?q=%C3%A4+b&n=1&n=2 HTTP/1.1\r\n")
    assert "x-key: k1" in site.asked[0].lower()


@pytest.mark.parametrize(
    ("sent", "received"),
    [({"json": {"a": None}}, '{"a":null}'), ({"json": None}, "null"), ({"body": "grüße"}, "grüße")],
    ids=str,
)
async def test_a_body_is_sent(sent: dict[str, Any], received: str) -> None:
    async with serving(answer("201 Created")) as site:
        found = await ask(method="POST", url=site.url(), **sent)
    assert (found["status"], found["body"]) == (201, None)
    assert site.asked[0].endswith(f"\r\n\r\n{received}")


async def test_text_stays_text() -> None:
    async with serving(
        answer(body="grün".encode("latin-1"), Content_Type="text/plain; charset=latin-1")
    ) as site:
        assert (await ask(url=site.url()))["body"] == "grün"


async def test_what_is_expected_is_no_error() -> None:
    async with serving(answer("404 Not Found", b"nope")) as site:
        assert (await ask(url=site.url(), expect=["2xx", 404]))["status"] == 404
        refused = await failure(url=site.url(), expect=[200])
    assert (refused.type, refused.non_retryable) == ("Http.404", True)
    assert refused.details == ({"status": 404, "body": "nope"},)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504])
async def test_what_may_be_better_later_is_tried_again(status: int) -> None:
    async with serving(answer(f"{status} No")) as site:
        failed = await failure(url=site.url("/x?token=secret"))
    assert (failed.type, failed.non_retryable) == (f"Http.{status}", False)
    assert failed.message == f"GET http://127.0.0.1:{site.port}/x answered {status} No"


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 409, 410, 422, 451, 304, 300])
async def test_what_will_not_be_better_is_final(status: int) -> None:
    async with serving(answer(f"{status} No")) as site:
        assert (await failure(url=site.url())).non_retryable


async def test_a_server_says_when_to_come_back() -> None:
    async with serving(
        answer("429 Slow", Retry_After="7"), answer("503 Later", Retry_After="999999")
    ) as site:
        first, second = await failure(url=site.url()), await failure(url=site.url())
    assert first.next_retry_delay == timedelta(seconds=7)
    assert second.next_retry_delay == timedelta(hours=1)


async def test_nobody_there_and_somebody_who_hangs_up_are_two_things() -> None:
    async def hang_up(_: str, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serving(hang_up) as site:
        lost = await failure(method="POST", url=site.url(), body="x")
        port = site.port
    nobody = await failure(url=f"http://127.0.0.1:{port}/")
    assert (lost.type, lost.non_retryable) == ("Http.Network", False)
    assert (nobody.type, nobody.non_retryable) == ("Http.Connect", False)
    unknown = await failure(url="http://no-such-host.invalid/")
    assert unknown.type == "Http.Connect"


def _drip(body: bytes) -> Handler:
    async def drip(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for byte in body:
            writer.write(b"1\r\n%c\r\n" % byte)
            await asyncio.sleep(0.05)

    return drip


BOMB = gzip.compress(b"0" * 50_000_000)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (answer(body=b"x" * 10_001), "Http.TooLarge"),
        (answer(body=BOMB, Content_Encoding="gzip"), "Http.TooLarge"),
        (answer(body=b"no gzip", Content_Encoding="gzip"), "Http.Response"),
        (answer(body=b"x", Content_Encoding="br"), "Http.Response"),
        (answer(body=b"{oops", Content_Type="application/json"), "Http.Response"),
        (answer(body=b"NaN", Content_Type="application/problem+json"), "Http.Response"),
        (answer(body=b"[" * 9_999, Content_Type="application/json"), "Http.Response"),
        (answer(body=b"\xff\xfe\x00", Content_Type="image/png"), "Http.Response"),
    ],
    ids=["large", "bomb", "not packed", "packed unasked", "not json", "not a number", "deep", "binary"],
)
async def test_an_answer_that_is_of_no_use_is_final(response: bytes, kind: str) -> None:
    async with serving(response) as site:
        failed = await failure(url=site.url())
    assert (failed.type, failed.non_retryable) == (kind, True)


async def test_what_is_packed_all_the_same_is_unpacked() -> None:
    async with serving(answer(body=gzip.compress(b"hello"), Content_Encoding="gzip")) as site:
        assert (await ask(url=site.url()))["body"] == "hello"
    assert "accept-encoding: identity" in site.asked[0].lower()


async def test_the_size_is_bounded_while_it_drips() -> None:
    settings = HttpSettings(allow_private=("127.0.0.1",), max_response_size=3)
    async with serving(_drip(b"x" * 1000)) as site:
        assert (await failure(settings, url=site.url())).type == "Http.TooLarge"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://localhost:1/",
        "http://[::1]:1/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a00:1::]/",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://224.0.0.1/",
        "http://100.64.0.1/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http:///path",
        "/path",
    ],
)
async def test_what_is_not_public_is_refused(url: str) -> None:
    failed = await failure(HttpSettings(), url=url)
    assert (failed.type, failed.non_retryable) == ("Http.Refused", True)


async def test_only_the_hosts_that_are_named() -> None:
    settings = HttpSettings(allow_hosts=("api.example.com", "*.example.org"))
    for url in ("http://example.com/", "https://example.org/", "http://api.example.com.evil.net/"):
        assert (await failure(settings, url=url)).type == "Http.Refused", url
    nobody = HttpSettings(allow_hosts=())
    assert (await failure(nobody, url="http://api.example.com/")).type == "Http.Refused"


@pytest.mark.parametrize(
    "argument",
    [
        {},
        {"url": 5},
        {"url": "http://x/", "methode": "GET"},
        {"url": "http://x/", "method": "get"},
        {"url": "http://x/", "json": 1, "body": "x"},
        {"url": "http://x/", "body": {"a": 1}},
        {"url": "http://x/", "headers": {"A": "b\r\nC: d"}},
        {"url": "http://x/", "headers": {"A b": "c"}},
        {"url": "http://x/", "headers": {"A": None}},
        {"url": "http://x/", "query": {"a": {"b": 1}}},
        {"url": "http://user:password@example.com/"},
        {"url": "http://exa mple.com:port/"},
    ],
    ids=str,
)
async def test_what_is_no_request_is_final_and_says_why(argument: dict[str, Any]) -> None:
    failed = await failure(HttpSettings(), **argument)
    assert (failed.type, failed.non_retryable) == ("Http.Request", True)
    assert "password" not in failed.message.replace("or password", "")


def moved(status: str, to: str) -> bytes:
    return answer(status, Location=to)


async def test_a_redirect_is_followed_and_secrets_stay_at_home() -> None:
    async with (
        serving(JSON) as other,
        serving(moved("302 Found", "x"), moved("307 Away", other.url("/y"))) as site,
    ):
        found = await ask(url=site.url("/a/b"), headers={"Authorization": "secret", "X-Key": "k"})
    assert found["body"] == {"a": [1, 2.5, None]}
    assert site.asked[1].startswith("GET /a/x ")
    assert "secret" in site.asked[1]
    assert "secret" not in other.asked[0]
    assert f"host: 127.0.0.1:{other.port}\r\n" in other.asked[0].lower()
    assert "x-key: k" in other.asked[0].lower()


@pytest.mark.parametrize(
    ("status", "second"),
    [
        ("303 See Other", "GET /b HTTP/1.1"),
        ("307 Again", "POST /b HTTP/1.1"),
        ("308 For Ever", "POST /b HTTP/1.1"),
    ],
)
async def test_how_a_redirect_changes_a_request(status: str, second: str) -> None:
    async with serving(moved(status, "/b"), JSON) as site:
        await ask(method="POST", url=site.url("/a"), json={"a": 1})
    assert site.asked[1].startswith(second)
    assert site.asked[1].endswith('{"a":1}') is (second[0] == "P")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found"])
async def test_a_redirect_that_would_change_the_meaning_is_an_answer(status: str) -> None:
    async with serving(moved(status, "/b")) as site:
        failed = await failure(method="POST", url=site.url("/a"), body="x")
    assert (failed.type, len(site.asked)) == (f"Http.{status[:3]}", 1)


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "http://user:pw@example.com/",
    ],
)
async def test_a_redirect_to_what_is_refused_is_refused(to: str) -> None:
    async with serving(moved("302 Found", to)) as site:
        failed = await failure(url=site.url())
    assert (failed.type, failed.non_retryable) == ("Http.Refused", True)


async def test_redirects_come_to_an_end() -> None:
    async with serving(moved("302 Found", "/again")) as site:
        failed = await failure(url=site.url())
    assert (failed.type, len(site.asked)) == ("Http.Refused", 6)


async def test_a_request_to_stop_closes_the_connection() -> None:
    closed = asyncio.Event()

    async def go_on(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.transport.is_closing():
            writer.write(b"1\r\nx\r\n")
            await asyncio.sleep(0.02)
        closed.set()

    async with serving(go_on) as site:
        work = asyncio.ensure_future(ask(url=site.url()))
        await until(lambda: bool(site.asked), "it was asked")
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        async with asyncio.timeout(5):
            await closed.wait()


def test_brackets_in_strings_are_no_levels() -> None:
    body = json.dumps([["[" * 500, '\\"' + "{" * 500]]).encode()
    assert decode_body(httpx.Response(200, headers={"content-type": "application/json"}), body) == json.loads(
        body
    )


async def test_it_beats_while_it_waits() -> None:
    beats = 0

    def count(*_: Any) -> None:
        nonlocal beats
        beats += 1

    environment = ActivityEnvironment()
    environment.on_heartbeat = count
    environment.info = type(environment.info)(
        **{**vars(environment.info), "heartbeat_timeout": timedelta(milliseconds=150)}
    )

    async def slow(_: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.4)
        writer.write(JSON)

    http = HttpActivity(HERE)
    async with serving(slow) as site, http.hold_connections():
        found = await environment.run(http.ask, {"url": site.url()})
    assert json.dumps(found["body"]) == '{"a": [1, 2.5, null]}'
    assert beats >= 5
