"""The body of a response: read within its bound, and made into JSON data."""

from __future__ import annotations

import json
import math
import re
import zlib
from typing import Any

import httpx

_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""zlib's sizes of the window: with a gzip header, or with zlib's own."""


MAXIMUM_DEPTH = 100
"""Levels of nesting, as for definitions."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""Also one that does not end, and never tried twice: otherwise a hostile body would take hours."""

_BRACKET = re.compile(rb"[][{}]")


class BadResponse(Exception):
    """Another attempt would be answered in the same way."""


class ResponseTooLarge(BadResponse):
    """More than the worker takes."""


async def read_body(response: httpx.Response, most: int) -> bytes:
    """Read it, never more than `most` bytes of it, neither packed nor unpacked.

    Raises:
        TooLarge: it goes on.
        BadAnswer: it is packed in a way that nobody has asked for, or what is packed is broken.
    """
    packed = response.headers.get("content-encoding", "identity").strip().lower()
    if packed != "identity" and packed not in _WINDOW:
        raise BadResponse(f"the body is encoded with {packed}, and identity was asked for")
    unpack = None if packed == "identity" else zlib.decompressobj(_WINDOW[packed])
    body = bytearray()
    received = 0
    async for part in response.aiter_raw():
        received += len(part)
        try:
            body += part if unpack is None else unpack.decompress(part, most + 1 - len(body))
        except zlib.error as error:
            raise BadResponse(f"the body is not {packed}: {error}") from None
        if max(len(body), received) > most:
            raise ResponseTooLarge(f"the body is larger than {most:,} bytes (max_response_size)")
        if unpack is not None and unpack.unused_data:
            raise BadResponse(f"the body goes on behind what is {packed}")
    if unpack is not None and received and not unpack.eof:
        raise BadResponse(f"the body ends in the middle of what is {packed}")
    return bytes(body)


def decode_body(response: httpx.Response, body: bytes) -> Any:
    """JSON where the response says so, else text; null for no body.

    Raises:
        BadAnswer: it is neither.
    """
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body:
        return None
    if kind == "application/json" or kind.endswith("+json"):
        try:
            _check_depth(body)
            return json.loads(body, parse_constant=_refuse_constant, parse_float=_parse_finite_float)
        except (ValueError, RecursionError) as error:
            raise BadResponse(f"the body claims to be {kind}, and is not JSON: {error}") from None
    try:
        return body.decode(response.charset_encoding or "utf-8")
    except (UnicodeDecodeError, LookupError):
        raise BadResponse(f"the body ({kind or 'of no type'}) is neither JSON nor text") from None


def take_excerpt(body: bytes, most: int = 2_000) -> str:
    """The beginning, for the details of an error."""
    text = body[:most].decode("utf-8", errors="replace")
    return text if len(body) <= most else f"{text}…"


def _check_depth(body: bytes) -> None:
    """Python's parser recurses.

    Raises:
        ValueError: nobody writes so by hand.
    """
    if body.count(b"[") + body.count(b"{") <= MAXIMUM_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAXIMUM_DEPTH:
            raise ValueError(f"nested more than {MAXIMUM_DEPTH} levels deep")


def _parse_finite_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is larger than any number")
    return number


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
