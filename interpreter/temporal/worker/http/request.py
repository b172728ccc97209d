"""The argument of the activity describes the request; it is checked before anything is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dsl.problems.wording import describe
from dsl.rules.requests import (
    find_wrong_header,
    find_wrong_header_name,
    find_wrong_parameter,
    find_wrong_text,
)
from dsl.scalars.json_value import JsonValue

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
KEYS = ("method", "url", "headers", "query", "json", "body", "expect")

_STATUS_CLASS = re.compile(r"[1-5]xx")


class BadRequest(Exception):
    """The request can't be sent; another attempt would not change it."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An `HttpRequest` is a request that can be sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, Any]
    expect: list[int | str]
    """The statuses (404), and classes of statuses (`2xx`), that are not an error."""
    content: bytes | None


def parse_request(argument: JsonValue) -> HttpRequest:
    """Check the argument of the activity, and return the request that it describes.

    Raises:
        BadRequest: it does not describe a request; the text says what was found.
    """
    if not isinstance(argument, dict):
        raise BadRequest(f"expected a map, found {describe(argument)}")
    if unknown := sorted(set(argument) - set(KEYS)):
        raise BadRequest(f'unknown key "{unknown[0]}"; the keys are {", ".join(KEYS)}')
    if "json" in argument and "body" in argument:
        raise BadRequest("a request has only one body: either json or body")
    method = argument.get("method", "GET")
    if method not in METHODS:
        raise BadRequest(f"method must be one of {', '.join(METHODS)}, found {describe(method)}")
    kind = {"content-type": "application/json"} if "json" in argument else {}
    return HttpRequest(
        method=method,
        url=_read_text("url", argument.get("url")),
        headers={**kind, **_read_headers(_read_map("headers", argument.get("headers")))},
        query={
            name: _read_parameter(name, value)
            for name, value in _read_map("query", argument.get("query")).items()
        },
        expect=_read_expect(argument.get("expect")),
        content=_encode_content(argument),
    )


def _encode_content(argument: Mapping[str, Any]) -> bytes | None:
    try:
        if "json" in argument:
            return json.dumps(
                argument["json"], ensure_ascii=False, separators=(",", ":"), allow_nan=False
            ).encode()
        return _read_text("body", argument["body"]).encode() if "body" in argument else None
    except UnicodeEncodeError:
        raise BadRequest("the body has half a character (a surrogate without its other half)") from None
    except (ValueError, RecursionError):
        raise BadRequest("json has NaN or Infinity, which are not JSON, or is nested too deeply") from None


def _read_map(name: str, value: JsonValue) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest(f"{name} must be a map, found {describe(value)}")
    return value


def _read_expect(value: JsonValue) -> list[int | str]:
    if value is None:
        return ["2xx"]
    if not isinstance(value, list) or not value:
        raise BadRequest(f"expect must be a list of statuses such as 404 or 2xx, found {describe(value)}")
    for item in value:
        is_code = isinstance(item, int) and not isinstance(item, bool) and 100 <= item <= 599
        if not is_code and not (isinstance(item, str) and _STATUS_CLASS.fullmatch(item)):
            raise BadRequest(
                f"a status must be a number from 100 to 599, or 1xx to 5xx, found {describe(item)}"
            )
    return value


def _refuse(complaint: str | None) -> None:
    if complaint is not None:
        raise BadRequest(complaint)


def _read_text(name: str, value: JsonValue) -> str:
    _refuse(find_wrong_text(name, value))
    return str(value)


def _read_headers(headers: Mapping[str, Any]) -> Mapping[str, str]:
    found = {name.lower(): _read_header(name, value) for name, value in headers.items()}
    if len(found) < len(headers):
        raise BadRequest("a header is given twice, in upper and lower case")
    return found


def _read_header(name: str, value: JsonValue) -> str:
    _refuse(find_wrong_header(name, value))
    _refuse(find_wrong_header_name(name))
    return str(value)


def _read_parameter(name: str, value: JsonValue) -> Any:
    _refuse(find_wrong_parameter(name, value))
    return value
