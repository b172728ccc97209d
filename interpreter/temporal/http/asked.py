"""The argument of the activity: what is asked, checked before anything is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dsl.wording import found

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
KEYS = ("method", "url", "headers", "query", "json", "body", "expect")

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class BadRequest(Exception):
    """The request can't be sent; another attempt would not change it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, Any]
    expect: list[int | str]
    content: bytes | None


def asked(argument: Any) -> Asked:
    """
    Raises:
        BadRequest: it is no request; the text says what was found.
    """
    if not isinstance(argument, dict):
        raise BadRequest(f"expected a map, found {found(argument)}")
    if unknown := sorted(set(argument) - set(KEYS)):
        raise BadRequest(f'unknown key "{unknown[0]}"; there are {", ".join(KEYS)}')
    if "json" in argument and "body" in argument:
        raise BadRequest("a request has one body: json or body")
    method = argument.get("method", "GET")
    if method not in METHODS:
        raise BadRequest(f"method is one of {', '.join(METHODS)}, found {found(method)}")
    headers = argument.get("headers") or {}
    kind = {"content-type": "application/json"} if "json" in argument else {}
    return Asked(
        method=method,
        url=_text("url", argument.get("url")),
        headers={**kind, **{name.lower(): _header(name, value) for name, value in headers.items()}},
        query={name: _parameter(name, value) for name, value in (argument.get("query") or {}).items()},
        expect=list(argument.get("expect") or ["2xx"]),
        content=_content(argument),
    )


def _content(argument: Mapping[str, Any]) -> bytes | None:
    if "json" in argument:
        return json.dumps(argument["json"], ensure_ascii=False, separators=(",", ":")).encode()
    return _text("body", argument["body"]).encode() if "body" in argument else None


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BadRequest(f"{name} is text, found {found(value)}")
    return value


def _header(name: str, value: Any) -> str:
    """Line breaks would begin another header."""
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise BadRequest(f"the header {name} is text, found {found(value)}")
    if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(text):
        raise BadRequest(f"the header {name!r} has characters that no header may have")
    return text


def _parameter(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_parameter(name, item) for item in value]
    if value is None or isinstance(value, dict):
        raise BadRequest(
            f"the parameter {name} is text, a number, true, false or a list, found {found(value)}"
        )
    return value
