"""The body of a response is read up to a bound, and decoded, even if the server is broken or hostile."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import tracemalloc
from collections.abc import AsyncIterator

import httpx
import pytest

from interpreter.temporal.worker.http.response import BadResponse, ResponseTooLarge, decode_body, read_body
from interpreter.temporal.worker.http.settings import HttpSettings
from tests.temporal.http.activity_calls import fail, send
from tests.temporal.http.http_server import Handler, make_response, run_http_server

IS_JSON = {"Content_Type": "application/json"}
BOMB = gzip.compress(b"0" * 50_000_000)


def _drip(body: bytes) -> Handler:
    async def drip(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for byte in body:
            writer.write(b"1\r\n%c\r\n" % byte)
            await asyncio.sleep(0.05)

    return drip


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (make_response(body=b"x" * 10_001), "Http.TooLarge"),
        (make_response(body=BOMB, Content_Encoding="gzip"), "Http.TooLarge"),
        (make_response(body=b"no gzip", Content_Encoding="gzip"), "Http.Response"),
        (make_response(body=b"x", Content_Encoding="br"), "Http.Response"),
        (make_response(body=b"{oops", Content_Type="application/json"), "Http.Response"),
        (make_response(body=b"NaN", Content_Type="application/problem+json"), "Http.Response"),
        (make_response(body=b"[" * 9_999, Content_Type="application/json"), "Http.Response"),
        (make_response(body=b"\xff\xfe\x00", Content_Type="image/png"), "Http.Response"),
    ],
    ids=["large", "bomb", "not gzip", "not requested", "not json", "not a number", "deep", "binary"],
)
async def test_a_response_that_is_of_no_use_is_final(response: bytes, kind: str) -> None:
    async with run_http_server(response) as server:
        failed = await fail(url=server.url())
    assert (failed.type, failed.non_retryable) == (kind, True)


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (
            make_response(body=gzip.compress(b"hello" * 99)[:-12], Content_Encoding="gzip"),
            "ends in the middle",
        ),
        (
            make_response(body=gzip.compress(b"a") + gzip.compress(b"b"), Content_Encoding="gzip"),
            "continues after the end",
        ),
        (make_response(body=b"1e999", **IS_JSON), "too large for a number"),
        (make_response(body=b"9" * 5000, **IS_JSON), "not JSON"),
        (make_response(body=b'{"a": "\xff"}', **IS_JSON), "not JSON"),
        (make_response(body=('["\u2200",' * 400).encode("utf-16"), **IS_JSON), "not JSON"),
    ],
    ids=["truncated", "two members", "infinite", "long number", "not utf-8", "deep in utf-16"],
)
async def test_a_response_that_is_broken(response: bytes, message: str) -> None:
    async with run_http_server(response) as server:
        failed = await fail(url=server.url())
    assert (failed.type, failed.non_retryable) == ("Http.Response", True)
    assert message in failed.message


async def test_a_compressed_body_is_decompressed_although_identity_was_requested() -> None:
    async with run_http_server(
        make_response(body=gzip.compress(b"hello"), Content_Encoding="gzip")
    ) as server:
        assert (await send(url=server.url()))["body"] == "hello"
    assert "accept-encoding: identity" in server.requests[0].lower()


async def test_a_response_without_a_body_may_have_a_content_encoding() -> None:
    async with run_http_server(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n"
    ) as server:
        assert (await send(url=server.url(), method="HEAD"))["body"] is None


async def test_the_size_is_bounded_while_the_body_arrives() -> None:
    settings = HttpSettings(allow_private=("127.0.0.1",), max_response_size=3)
    async with run_http_server(_drip(b"x" * 1000)) as server:
        failed = await fail(settings, url=server.url())
    assert failed.type == "Http.TooLarge"
    assert "max_response_size in [tool.stepfile.http] of the worker's pyproject.toml" in failed.message


async def test_the_compressed_size_is_bounded_too() -> None:
    """Gigabytes of empty blocks decompress to nothing."""
    empty = gzip.compress(b"")[:10] + b"\x00\x00\x00\xff\xff" * 3000
    async with run_http_server(make_response(body=empty, Content_Encoding="gzip")) as server:
        assert (await fail(url=server.url())).type == "Http.TooLarge"


class OnePart(httpx.AsyncByteStream):
    """A `OnePart` is a body that arrives at once."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.body


async def test_a_compression_bomb_is_not_decompressed() -> None:
    """The body is not decompressed in order to see how large it is."""
    response = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=OnePart(BOMB))
    tracemalloc.start()
    try:
        with pytest.raises(ResponseTooLarge):
            await read_body(response, 100_000)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_json_in_utf_16() -> None:
    body = json.dumps({"a": [1, 2.5, 1e300, "ü", None, True]}).encode("utf-16")
    found = decode_body(httpx.Response(200, headers={"content-type": "application/json"}), body)
    assert found["a"][:3] == [1, 2.5, 1e300]


def test_brackets_in_strings_are_not_counted_as_levels() -> None:
    body = json.dumps([["[" * 500, '\\"' + "{" * 500]]).encode()
    assert decode_body(httpx.Response(200, headers={"content-type": "application/json"}), body) == json.loads(
        body
    )


@pytest.mark.parametrize(("levels", "passes"), [(100, True), (101, False), (900, False)])
def test_how_deeply_json_may_be_nested(levels: int, passes: bool) -> None:
    response = httpx.Response(200, headers={"content-type": "application/json"})
    body = b"[" * levels + b"]" * levels
    if passes:
        decode_body(response, body)
    else:
        with pytest.raises(BadResponse, match="100 levels"):
            decode_body(response, body)


def test_levels_that_are_hidden_in_utf_16() -> None:
    """Letters in UTF-16 may have the bytes of quotes."""
    response = httpx.Response(200, headers={"content-type": "application/json"})
    with pytest.raises(BadResponse, match="not JSON"):
        decode_body(response, ('["\u2200",' + '["\u2200\u2200",' * 100_000).encode("utf-16"))


@pytest.mark.timing
@pytest.mark.parametrize("string", [b'"' + b'\\"' * 500_000, b'"\\\n' * 300_000, b'"' * 900_001])
def test_no_body_takes_long_to_refuse(string: bytes) -> None:
    began = time.process_time()
    with pytest.raises(BadResponse):
        decode_body(httpx.Response(200, headers={"content-type": "application/json"}), b"[" * 101 + string)
    assert time.process_time() - began < 2
