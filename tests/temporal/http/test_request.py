"""The argument of the activity is checked before anything is sent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from interpreter.temporal.worker.http.activity import HttpActivity
from interpreter.temporal.worker.http.settings import HttpSettings
from tests.temporal.http.activity_calls import LOCAL, fail
from tests.temporal.http.http_server import make_response, run_http_server


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
async def test_a_request_that_is_not_valid_is_final(argument: dict[str, Any]) -> None:
    failed = await fail(HttpSettings(), **argument)
    assert (failed.type, failed.non_retryable) == ("Http.Request", True)
    assert "password" not in failed.message.replace("or password", "")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"headers": [1]}, "headers must be a map, found a list"),
        ({"headers": ""}, 'headers must be a map, found the text ""'),
        ({"query": "x"}, "query must be a map"),
        ({"query": {"a": [[1]]}}, "found a list"),
        ({"query": {"a": None}}, "found nothing"),
        ({"expect": 5}, "expect must be a list of statuses such as 404 or 2xx, found the number 5"),
        ({"expect": "2xx"}, "expect must be a list"),
        ({"expect": []}, "expect must be a list"),
        ({"expect": [True]}, "found true"),
        ({"expect": [99]}, "found the number 99"),
        ({"expect": ["9xx"]}, 'found the text "9xx"'),
        ({"headers": {"Host": "10.0.0.1"}}, "a definition may not set"),
        ({"headers": {"content-length": "7"}}, "a definition may not set"),
        ({"headers": {"Transfer-Encoding": "chunked"}}, "a definition may not set"),
        ({"headers": {"A": "1", "a": "2"}}, "twice"),
        ({"headers": {"X": "topsecret\n"}}, "the header X has"),
        ({"headers": {"X": " topsecret"}}, "the header X has"),
        ({"headers": {"X": "topsecret ü"}}, "the header X has"),
        ({"headers": {"X": "topsecret\x7f"}}, "the header X has"),
        ({"headers": {"X\r\nY: topsecret": "z"}}, "is not the name of a header"),
        ({"body": "\ud800"}, "half a character"),
        ({"json": float("nan")}, "NaN"),
        ({"url": "http://user:topsecret@h/"}, "user name or password"),
        ({"url": "http://user:topsecret/x@h/"}, "the url is not valid: Invalid port"),
        ({"url": "http://h/\r\nX: y"}, "the url is not valid"),
        ({"url": "http://" + "a" * 70_000}, "the url is not valid: URL too long"),
        ({"url": None}, "url must be text, found nothing"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_request_that_is_not_valid_is_explained_without_its_secrets(
    argument: dict[str, Any], message: str
) -> None:
    async with run_http_server(make_response()) as server:
        failed = await fail(**{"url": server.url(), **argument})
    assert (failed.type, failed.non_retryable) == ("Http.Request", True)
    assert message in failed.message
    assert "topsecret" not in failed.message.replace("Y: topsecret", "")
    assert server.requests == []


async def test_an_argument_that_is_not_a_map() -> None:
    arguments: tuple[Any, ...] = (None, [], "http://example.com/")
    for argument in arguments:
        with pytest.raises(ApplicationError, match="expected a map"):
            await ActivityEnvironment().run(HttpActivity(LOCAL).send_request, argument)


async def test_a_header_that_only_the_library_refuses_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsl.rules.requests._HEADER_VALUE", re.compile(".*"))
    async with run_http_server(make_response()) as server:
        failed = await fail(url=server.url(), headers={"X": " topsecret"})
    assert (failed.type, "topsecret" in str(failed)) == ("Http.Request", False)
