"""A request is such that a worker can send it.

The worker asks the same of the values that it gets (`interpreter.temporal.worker.http.request`). What is wrong with
literal values is told before anything runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from dsl.definition.walk import walk
from dsl.expressions import Template
from dsl.model import Definition, HttpAction, HttpRequest
from dsl.problems.problem import Problem, Related
from dsl.problems.wording import describe, quote
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path

FORBIDDEN_HEADERS: Final = (
    *(
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
    ),
    *("te", "trailer", "transfer-encoding", "upgrade"),
)
"""Headers that say how a message is framed, and for whom it is.

With them a definition could smuggle in another request, or reach a host that the worker does not allow behind an
address that it allows.
"""

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PASSWORD: Final = re.compile(r"://[^/?#]*:[^/?#]*@")
"""What stands in a URL before the host, if there is a password."""
_HEADER_VALUE: Final = re.compile(r"([\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?)?")


def find_wrong_header_name(name: str) -> str | None:
    """Find what is wrong with the name of a header; None if it can be sent."""
    if not _HEADER_NAME.fullmatch(name):
        return f"{quote(name)} is not the name of a header"
    if name.lower() in FORBIDDEN_HEADERS:
        return f"a definition may not set the header {name}"
    return None


def find_wrong_header(name: str, value: JsonValue) -> str | None:
    """Find what is wrong with the value of a header, because a line break in it would begin another header.

    No message quotes the value, which may be secret.
    """
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        return f"the header {name} must be text, found {describe(value)}"
    if not _HEADER_VALUE.fullmatch(text):
        return f"the header {name} has more than printable ASCII, or begins or ends with a space"
    return None


def find_wrong_parameter(name: str, value: JsonValue) -> str | None:
    """Find what is wrong with a parameter of the query string; None if it can be sent."""
    if isinstance(value, list) and not any(isinstance(item, list) for item in value):
        return next(filter(None, (find_wrong_parameter(name, item) for item in value)), None)
    if value is None or isinstance(value, dict | list):
        return f"the parameter {name} must be text, a number, true, false or a list of them, found {describe(value)}"
    return None


def find_wrong_text(name: str, value: JsonValue) -> str | None:
    """Find out whether the value of a key that takes text is something else."""
    return None if isinstance(value, str) else f"{name} must be text, found {describe(value)}"


def check_requests(definition: Definition) -> Iterator[Problem]:
    """Find the requests that no worker can send."""
    for placed in walk(definition):
        if isinstance(placed.step, HttpAction):
            yield from _check_request(placed.step.http, (*placed.path, "http"))


def _check_request(request: HttpRequest, path: Path) -> Iterator[Problem]:
    wrong = find_wrong_text("url", request.url.source) or _find_wrong_url(request.url)
    if wrong:
        hint = "for example https://api.example.com/orders"
        yield Problem("bad-value", wrong, (*path, "url"), hint=hint, secret=_find_secret(request.url))
    if request.json_ is not None and request.body is not None:
        message = "a request has only one body: either json or body"
        yield Problem("two-bodies", message, (*path, "body"), hint="leave one of them out", at="key")
    elif request.body is not None and (wrong := find_wrong_text("body", request.body.source)):
        yield Problem("bad-value", wrong, (*path, "body"), hint="data goes under json instead of body")
    yield from _check_headers(request.headers, (*path, "headers"))
    for name, value in request.query.items():
        if wrong := find_wrong_parameter(name, value.source):
            yield Problem("bad-value", wrong, (*path, "query", name))


def _find_secret(url: Template) -> str | None:
    """Get a URL if there is a password in it."""
    text = str(url.source)
    return text if _PASSWORD.search(text) else None


def _find_wrong_url(url: Template) -> str | None:
    """Find what is wrong with the part of a URL that stands before its first expression."""
    text = str(url.source)
    literal, expression, _ = text.partition("${")
    scheme, separator, _after = literal.partition("://")
    if not separator:
        return None if expression else "the url has no scheme: it begins with https:// or http://"
    if scheme.lower() not in ("http", "https"):
        return f"a request can't be sent with {quote(scheme)}: the url begins with https:// or http://"
    return None if expression else _find_wrong_host(text)


def _find_wrong_host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # a bad port, or brackets without an address
        return "the url is not valid"
    if parts.username is not None:
        return "the url has a user name or password; send an Authorization header instead"
    return None if parts.hostname else "the url has no host"


def _check_headers(headers: Mapping[str, Template], path: Path) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for name, value in headers.items():
        wrong = find_wrong_header_name(name)
        if wrong:
            yield Problem("bad-value", wrong, (*path, name), at="key")
        elif (twin := first.setdefault(name.lower(), name)) != name:
            message = "a header is given twice, in upper and lower case"
            other = Related("the first of the two", (*path, twin), at="key")
            yield Problem("duplicate-name", message, (*path, name), at="key", related=other)
        elif (value.is_constant or not isinstance(value.source, str)) and (
            wrong := find_wrong_header(name, value.source)
        ):
            yield Problem("bad-value", wrong, (*path, name))
