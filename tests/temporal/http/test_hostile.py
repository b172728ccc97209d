"""Servers and definitions that mean harm, or are merely broken."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import re
import subprocess
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from interpreter.failure.uncertain import UNCERTAIN
from interpreter.temporal.worker.http.activity import HttpActivity
from interpreter.temporal.worker.http.response import BadResponse, ResponseTooLarge, decode_body, read_body
from interpreter.temporal.worker.http.settings import HttpSettings
from tests.temporal.http.site import answer, serving
from tests.temporal.http.test_asking import BOMB, HERE, JSON, ask, failure, moved

ROOT = Path(__file__).parents[3]
IS_JSON = {"Content_Type": "application/json"}


async def many(http: HttpActivity, times: int, **argument: Any) -> list[Any]:
    """One worker, some requests after another."""
    return [
        (await asyncio.gather(ActivityEnvironment().run(http.ask, argument), return_exceptions=True))[0]
        for _ in range(times)
    ]


async def test_a_session_of_one_run_is_not_that_of_the_next() -> None:
    http = HttpActivity(HERE)
    async with serving(answer(Set_Cookie="sid=secret; Path=/")) as site, http.hold_connections():
        await many(http, 2, url=site.url())
    assert "cookie" not in site.asked[1].lower()


async def test_addresses_are_not_logged_with_their_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with serving(answer()) as site:
        await ask(url=site.url("/?token=topsecret"), headers={"Authorization": "topsecret"})
    assert "topsecret" not in caplog.text


@pytest.mark.parametrize(
    "to", ["http://u:p@example.com/", "http://10.0.0.1/", "http://x:y/?token=secret", "ftp://a/"], ids=str
)
async def test_refused_redirects_leave_no_connection_behind(to: str) -> None:
    http = HttpActivity(HERE)
    closed = 0

    async def move(_: str, writer: asyncio.StreamWriter) -> None:
        nonlocal closed
        writer.write(moved("302 Found", to)[:-2] + b"X: y\r\n\r\n")
        await writer.drain()

    async with serving(move) as site, http.hold_connections():
        failures = await many(http, 12, url=site.url())
        assert http._transport is not None
        assert all(connection.is_idle() for connection in http._transport._pool.connections)
    assert {failed.type for failed in failures} == {"Http.Refused"}
    assert "secret" not in str(failures)


async def test_requests_do_not_wait_for_each_other() -> None:
    """A pool smaller than what a worker runs at once would let slow services starve the others."""
    arrived = 0
    all_there = asyncio.Event()

    async def wait(_: str, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 30:
            all_there.set()
        await all_there.wait()
        writer.write(JSON)

    http = HttpActivity(HERE)
    async with serving(wait) as site, http.hold_connections(), asyncio.timeout(20):
        found = await asyncio.gather(*(many(http, 1, url=site.url()) for _ in range(30)))
    assert all(result["status"] == 200 for (result,) in found)


async def test_a_connection_is_used_again() -> None:
    ports = []

    async def look(_: str, writer: asyncio.StreamWriter) -> None:
        ports.append(writer.get_extra_info("peername")[1])
        writer.write(answer(body=b"x"))

    http = HttpActivity(HERE)
    async with serving(look) as site, http.hold_connections():
        await many(http, 3, url=site.url())
    assert len(ports) == 3
    assert len(set(ports)) == 1


async def test_what_only_the_library_refuses_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interpreter.temporal.worker.http.request._HEADER_VALUE", re.compile(".*"))
    async with serving(answer()) as site:
        failed = await failure(url=site.url(), headers={"X": " topsecret"})
    assert (failed.type, "topsecret" in str(failed)) == ("Http.Request", False)


async def test_a_worker_that_stops_closes_its_connections() -> None:
    gone = asyncio.Event()

    async def stay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer())
        await reader.read()
        writer.close()
        gone.set()

    server = await asyncio.start_server(stay, "127.0.0.1", 0)
    http = HttpActivity(HERE)
    async with server:
        async with http.hold_connections():
            await many(http, 1, url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            assert not gone.is_set()
        async with asyncio.timeout(5):
            await gone.wait()


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ({"headers": [1]}, "headers is a map, found a list"),
        ({"headers": ""}, 'headers is a map, found the text ""'),
        ({"query": "x"}, "query is a map"),
        ({"query": {"a": [[1]]}}, "found a list"),
        ({"query": {"a": None}}, "found nothing"),
        ({"expect": 5}, "expect is a list of statuses such as 404 or 2xx, found the number 5"),
        ({"expect": "2xx"}, "expect is a list"),
        ({"expect": []}, "expect is a list"),
        ({"expect": [True]}, "found true"),
        ({"expect": [99]}, "found the number 99"),
        ({"expect": ["9xx"]}, 'found the text "9xx"'),
        ({"headers": {"Host": "10.0.0.1"}}, "not for a definition"),
        ({"headers": {"content-length": "7"}}, "not for a definition"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "not for a definition"),
        ({"headers": {"A": "1", "a": "2"}}, "twice"),
        ({"headers": {"X": "topsecret\n"}}, "the header X holds"),
        ({"headers": {"X": " topsecret"}}, "the header X holds"),
        ({"headers": {"X": "topsecret ü"}}, "the header X holds"),
        ({"headers": {"X": "topsecret\x7f"}}, "the header X holds"),
        ({"headers": {"X\r\nY: topsecret": "z"}}, "no name of a header"),
        ({"body": "\ud800"}, "half a character"),
        ({"json": float("nan")}, "NaN"),
        ({"url": "http://user:topsecret@h/"}, "user name or password"),
        ({"url": "http://user:topsecret/x@h/"}, "the url is none: Invalid port"),
        ({"url": "http://h/\r\nX: y"}, "the url is none"),
        ({"url": "http://" + "a" * 70_000}, "the url is none: URL too long"),
        ({"url": None}, "url is text, found nothing"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_no_request_says_what_it_wants_and_keeps_secrets(
    argument: dict[str, Any], said: str
) -> None:
    async with serving(answer()) as site:
        failed = await failure(**{"url": site.url(), **argument})
    assert (failed.type, failed.non_retryable) == ("Http.Request", True)
    assert said in failed.message
    assert "topsecret" not in failed.message.replace("Y: topsecret", "")
    assert site.asked == []


async def test_an_argument_that_is_no_map() -> None:
    arguments: tuple[Any, ...] = (None, [], "http://example.com/")
    for argument in arguments:
        with pytest.raises(ApplicationError, match="expected a map"):
            await ActivityEnvironment().run(HttpActivity(HERE).ask, argument)


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (answer(body=gzip.compress(b"hello" * 99)[:-12], Content_Encoding="gzip"), "ends in the middle"),
        (answer(body=gzip.compress(b"a") + gzip.compress(b"b"), Content_Encoding="gzip"), "goes on behind"),
        (answer(body=b"1e999", **IS_JSON), "larger than any number"),
        (answer(body=b"9" * 5000, **IS_JSON), "not JSON"),
        (answer(body=b'{"a": "\xff"}', **IS_JSON), "not JSON"),
        (answer(body=('["\u2200",' * 400).encode("utf-16"), **IS_JSON), "not JSON"),
    ],
    ids=["truncated", "two members", "infinite", "long number", "not utf-8", "deep in utf-16"],
)
async def test_an_answer_that_is_broken(response: bytes, said: str) -> None:
    async with serving(response) as site:
        failed = await failure(url=site.url())
    assert (failed.type, failed.non_retryable) == ("Http.Response", True)
    assert said in failed.message


async def test_an_answer_without_a_body_may_say_that_it_is_packed() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n") as site:
        assert (await ask(url=site.url(), method="HEAD"))["body"] is None


async def test_what_is_packed_is_bounded_too() -> None:
    """Empty blocks: gigabytes of them unpack to nothing."""
    empty = gzip.compress(b"")[:10] + b"\x00\x00\x00\xff\xff" * 3000
    async with serving(answer(body=empty, Content_Encoding="gzip")) as site:
        assert (await failure(url=site.url())).type == "Http.TooLarge"


@pytest.mark.timing
@pytest.mark.parametrize("string", [b'"' + b'\\"' * 500_000, b'"\\\n' * 300_000, b'"' * 900_001])
def test_no_body_takes_long_to_be_refused(string: bytes) -> None:
    began = time.process_time()
    with pytest.raises(BadResponse):
        decode_body(httpx.Response(200, headers={"content-type": "application/json"}), b"[" * 101 + string)
    assert time.process_time() - began < 2


async def test_a_server_does_not_fill_histories_with_its_words() -> None:
    async with serving(answer("503 " + "x" * 50_000, b"y" * 9_000)) as site:
        failed = await failure(url=site.url())
    assert len(failed.message) < 200
    assert len(failed.details[0]["body"]) < 2_100


async def test_a_server_that_says_at_once_leaves_it_to_the_policy() -> None:
    """A loop at full speed is in nobody's interest; temporalio takes zero for none anyway."""
    async with serving(
        answer("503 No", Retry_After="0"), answer("503 No", Retry_After="9" * 5000), answer("404 No")
    ) as site:
        assert (await failure(url=site.url())).next_retry_delay is None
        assert (await failure(url=site.url())).next_retry_delay == timedelta(hours=1)
        assert (await failure(url=site.url())).next_retry_delay is None


async def test_a_status_counts_also_when_its_body_is_lost() -> None:
    async def break_off(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 404 No\r\nContent-Length: 100\r\n\r\nhalf")
        writer.close()

    async with serving(break_off) as site:
        assert (await failure(url=site.url())).type == "Http.404"
        assert (await failure(url=site.url(), expect=[404])).type == "Http.Network"


@pytest.mark.parametrize(
    ("second", "why", "retryable"),
    [
        (answer("503 No", Retry_After="7"), "answered 503", True),
        (answer("404 No"), "answered 404", False),
        (moved("302 Found", "http://10.0.0.1/"), "not a public address", False),
        (moved("302 Found", "/again"), "more than 5 redirects", False),
        (answer(body=b"{", **IS_JSON), "not JSON", False),
    ],
    ids=["503", "404", "refused", "endless", "broken"],
)
async def test_what_fails_behind_a_post_that_was_done_is_not_known_to_have_failed(
    second: bytes, why: str, retryable: bool
) -> None:
    async with serving(moved("303 See Other", "/done"), second) as site:
        failed = await failure(method="POST", url=site.url(), body="x")
    assert (failed.type, failed.non_retryable) == ("Http.303", not retryable)
    assert failed.type in UNCERTAIN
    assert "answered 303, then: " in failed.message
    assert why in failed.message
    assert failed.next_retry_delay == (timedelta(seconds=7) if retryable else None)
    assert len(site.asked) <= 6


@pytest.mark.parametrize("to", ["http://10.0.0.1/", "ftp://example.com/", "http://u:p@example.com/"])
async def test_a_post_that_was_done_and_leads_where_nobody_may_go(to: str) -> None:
    async with serving(moved("303 See Other", to)) as site:
        assert (await failure(method="POST", url=site.url())).type == "Http.303"
        assert (await failure(method="GET", url=site.url())).type == "Http.Refused"


@pytest.mark.parametrize("kind", ["Http.Network", "Http.Response", "Http.TooLarge", "Http.502", "Http.504"])
def test_what_may_have_been_done(kind: str) -> None:
    assert kind in UNCERTAIN


@pytest.mark.parametrize("kind", ["Http.Connect", "Http.Refused", "Http.Request", "Http.404", "Http.503"])
def test_what_was_not_done(kind: str) -> None:
    assert kind not in UNCERTAIN


async def test_a_redirect_never_leaves_https() -> None:
    """Unit of the decision: a server with TLS would need a certificate."""
    from interpreter.temporal.worker.http.activity import _build_redirected_request
    from interpreter.temporal.worker.http.address_guard import RequestRefused

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


def test_the_command_line_does_not_pay_for_it(tmp_path: Path) -> None:
    definition = tmp_path / "a.yaml"
    definition.write_text('dsl: "1"\nname: a\nsteps: [{wait: 1s}]\n')
    program = "from interpreter.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program, "validate", str(definition)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"{definition}: fine\n"), done.stderr[-2000:]
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "interpreter.cli.main" in imported
    assert not imported & {"httpx", "httpcore", "anyio", "interpreter.temporal.worker.http.network"}


@pytest.mark.parametrize(("levels", "passes"), [(100, True), (101, False), (900, False)])
def test_how_deep_json_may_be(levels: int, passes: bool) -> None:
    response = httpx.Response(200, headers={"content-type": "application/json"})
    body = b"[" * levels + b"]" * levels
    if passes:
        decode_body(response, body)
    else:
        with pytest.raises(BadResponse, match="100 levels"):
            decode_body(response, body)


def test_levels_that_are_hidden() -> None:
    """In UTF-16 letters hold the bytes of quotes."""
    response = httpx.Response(200, headers={"content-type": "application/json"})
    with pytest.raises(BadResponse, match="not JSON"):
        decode_body(response, ('["\u2200",' + '["\u2200\u2200",' * 100_000).encode("utf-16"))


class Part(httpx.AsyncByteStream):
    """A body that arrives at once."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.body


async def test_a_bomb_does_not_go_off() -> None:
    """It is not unpacked in order to see how large it is."""
    response = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Part(BOMB))
    tracemalloc.start()
    try:
        with pytest.raises(ResponseTooLarge):
            await read_body(response, 100_000)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_json_as_it_was_sent() -> None:
    body = json.dumps({"a": [1, 2.5, 1e300, "ü", None, True]}).encode("utf-16")
    found = decode_body(httpx.Response(200, headers={"content-type": "application/json"}), body)
    assert found["a"][:3] == [1, 2.5, 1e300]


def test_direct_settings_are_compared_in_any_letters() -> None:
    from interpreter.temporal.worker.http.address_guard import check_host

    check_host("api.example.com", HttpSettings(allow_hosts=("API.example.com",)))
