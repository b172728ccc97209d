"""The body of a response is read up to a bound, and decoded to data or text."""

from __future__ import annotations

import json
import math
import re
import zlib
from typing import Any

import httpx

from interpreter.temporal.worker.http.settings import name_place

_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""The argument `wbits` of zlib, which also says whether there is a gzip header or one of zlib."""

MAXIMUM_DEPTH = 100
"""How deeply JSON may be nested, in levels; definitions have the same bound."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A string of JSON, or the rest of the text if the string does not end.

The match is possessive, so that no part of a string is tried twice: otherwise a hostile body would take hours.
"""

_BRACKET = re.compile(rb"[][{}]")


class BadResponse(Exception):
    """The response is of no use, and another attempt would get the same one."""


class ResponseTooLarge(BadResponse):
    """The body is larger than the worker allows."""


async def read_body(response: httpx.Response, most: int) -> bytes:
    """Read a body, and decompress it.

    Args:
        response: A response whose body has not been read.
        most: How many bytes are read at the most, both before and after decompressing.

    Raises:
        ResponseTooLarge: the body has more bytes.
        BadResponse: the body has an encoding that was not requested, or its compressed data is broken.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity" and encoding not in _WINDOW_BITS:
        raise BadResponse(f"the body has the encoding {encoding}, but identity was requested")
    decompressor = None if encoding == "identity" else zlib.decompressobj(_WINDOW_BITS[encoding])
    body = bytearray()
    received = 0
    async for part in response.aiter_raw():
        received += len(part)
        try:
            body += part if decompressor is None else decompressor.decompress(part, most + 1 - len(body))
        except zlib.error as error:
            raise BadResponse(f"the body is not {encoding}: {error}") from None
        if max(len(body), received) > most:
            raise ResponseTooLarge(
                f"the body is larger than {most:,} bytes, which is {name_place('max_response_size')}"
            )
        if decompressor is not None and decompressor.unused_data:
            raise BadResponse(f"the body continues after the end of its {encoding} data")
    if decompressor is not None and received and not decompressor.eof:
        raise BadResponse(f"the body ends in the middle of its {encoding} data")
    return bytes(body)


def decode_body(response: httpx.Response, body: bytes) -> Any:
    """Decode a body as JSON if the response says that it is JSON, and as text otherwise.

    Returns:
        The data or the text, or None if there is no body.

    Raises:
        BadResponse: the body is not what the response says that it is.
    """
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body:
        return None
    if kind == "application/json" or kind.endswith("+json"):
        try:
            _check_depth(body)
            return json.loads(body, parse_constant=_refuse_constant, parse_float=_parse_finite_float)
        except (ValueError, RecursionError) as error:
            raise BadResponse(f"the body is {kind}, but it is not JSON: {error}") from None
    try:
        return body.decode(response.charset_encoding or "utf-8")
    except (UnicodeDecodeError, LookupError):
        raise BadResponse(f"the body ({kind or 'of no type'}) is neither JSON nor text") from None


def take_excerpt(body: bytes, most: int = 2_000) -> str:
    """Return the first `most` bytes of a body as text, for the details of an error."""
    text = body[:most].decode("utf-8", errors="replace")
    return text if len(body) <= most else f"{text}…"


def take_first_words(body: bytes) -> str:
    """Return the beginning of a body as one line, for the message of an error; empty if there is no body."""
    return " ".join(take_excerpt(body, most=200).split())


def _check_depth(body: bytes) -> None:
    """Check how deeply a body is nested, because the parser of Python recurses.

    Raises:
        ValueError: the body has more than `MAXIMUM_DEPTH` levels.
    """
    if body.count(b"[") + body.count(b"{") <= MAXIMUM_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > MAXIMUM_DEPTH:
            raise ValueError(f"it is nested more than {MAXIMUM_DEPTH} levels deep")


def _parse_finite_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is too large for a number")
    return number


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a value of JSON")
