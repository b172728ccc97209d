"""Schemas that can't be used: new ones are refused, and those that are stored already do no harm."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from dsl.check import check, check_stored
from dsl.json_schema.inputs import check_input
from dsl.problems.problem import Problem
from dsl.reading.reader import read_text
from dsl.rules.schema_references import find_bad_references

ROOT = Path(__file__).parents[2]
TEXT = 'dsl: "1"\nname: stored\ninput: SCHEMA\nsteps: [{wait: 1s}]\n'
ROUND = "its references lead back to themselves, or the value is nested too deeply for it"

UNUSABLE: list[tuple[str, dict[str, Any], str]] = [
    (
        "bad-pattern",
        {"pattern": "^(done"},
        'the pattern "^(done" is not a regular expression: missing ), unterminated subpattern',
    ),
    (
        "bad-pattern",
        {"patternProperties": {"[": True}, "type": ["object", "string"]},
        "",  # the value has no properties
    ),
    ("bad-reference", {"$ref": "#/nope"}, 'a reference leads to "/nope", which is not part of it'),
    ("bad-reference", {"$ref": "#nope"}, 'a reference leads to "nope", which is not part of it'),
    ("bad-reference", {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, ROUND),
    ("bad-reference", {"$ref": "#"}, ROUND),
    (
        "bad-reference",
        {"$ref": "#/allOf", "allOf": [{}]},
        "AttributeError: 'list' object has no attribute 'items'",
    ),
    ("bad-reference", {"if": {"not": {"$dynamicRef": "#"}}}, ROUND),
    ("bad-reference", {"$id": "http://[no", "$ref": "#/$defs/a", "$defs": {"a": {}}}, ""),
]


@pytest.mark.parametrize(("code", "schema", "said"), UNUSABLE)
def test_a_schema_that_cant_be_used(code: str, schema: dict[str, Any], said: str) -> None:
    """Validation refuses it. A run that was started with it gets a complaint about the value."""
    document = read_text(TEXT.replace("SCHEMA", repr(schema).replace("True", "true")))
    new, stored = check(document), check_stored(document)
    assert [problem.code for problem in new.problems] == [code]
    assert new.definition is None
    assert stored.definition is not None
    _, problems = check_input(stored.definition.input, "x")
    assert [str(each) for each in problems] == ([f"input: the schema can't be used: {said}"] if said else [])


def test_references_that_lead_back_wherever_that_is_noticed() -> None:
    """Deep in jsonschema there is Rust, which panics where Python has come to its limit."""
    schema = {"if": {"not": {"$dynamicRef": "#"}}}
    before = sys.getrecursionlimit()
    try:
        for limit in range(400, 430):
            sys.setrecursionlimit(limit)
            _, problems = check_input(schema, "x")
            assert [each.message for each in problems] == [f"the schema can't be used: {ROUND}"]
    finally:
        sys.setrecursionlimit(before)


def test_what_earlier_releases_have_found_is_still_refused() -> None:
    document = read_text(TEXT.replace("SCHEMA", "{type: objec, properties: {a: {pattern: '('}}}"))
    assert check_stored(document).definition is None


class _Server(HTTPServer):
    """A `_Server` has a schema for everybody, and counts who asks for it."""

    def __init__(self) -> None:
        self.asked = list[str]()
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"type": "integer"}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as made:
        Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        yield made
        made.shutdown()


@pytest.mark.parametrize(
    "schema",
    [
        '{$ref: "URL"}',
        '{type: object, properties: {a: {$ref: "URL"}}}',
        '{$dynamicRef: "URL"}',
        '{$ref: "URL", unevaluatedProperties: false}',
        '{$id: "URL", $ref: "other.json"}',
    ],
)
def test_nothing_is_fetched(server: _Server, schema: str) -> None:
    url = f"http://127.0.0.1:{server.server_port}/evil.json"
    document = read_text(TEXT.replace("SCHEMA", schema.replace("URL", url)))
    assert [problem.code for problem in check(document).problems] == ["bad-reference"]
    stored = check_stored(document).definition
    assert stored is not None
    _, [problem] = check_input(stored.input, {"a": "x"})
    assert problem.message.startswith("the schema can't be used: a reference leads to ")
    assert server.asked == []


def test_all_validators_are_built_where_nothing_is_fetched() -> None:
    files = [file for folder in ("dsl", "interpreter", "stepfile") for file in (ROOT / folder).rglob("*.py")]
    building = [file.name for file in files if "2012Validator(" in file.read_text(encoding="utf-8")]
    assert building == ["schema_errors.py"]


def find(schema: dict[str, Any]) -> list[Problem]:
    return list(find_bad_references(schema, ()))


@pytest.mark.parametrize(
    "schema",
    [
        {"$defs": {"a": {"properties": {"a": {"$ref": "#/$defs/a"}}}}, "$ref": "#/$defs/a"},
        {"items": {"$ref": "#"}, "additionalProperties": {"$ref": "#"}, "contains": {"$ref": "#"}},
        {"$id": "https://example.com/x", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": True}},
        {"properties": {"$id": {"type": "string"}, "$ref": {"const": "http://example.com"}}},
        {"const": {"$ref": "http://example.com"}, "default": {"$id": "x", "$ref": "#/nope"}},
        {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {}}},
        {"properties": {"a": {"$ref": "#/properties/b"}, "b": {"$anchor": "b", "not": {"$ref": "#c"}}}}
        | {"$defs": {"c": {"$dynamicAnchor": "c"}}},
    ],
)
def test_good_references(schema: dict[str, Any]) -> None:
    assert find(schema) == []


def test_each_circle_is_one_problem() -> None:
    parts = {
        "a": {"$ref": "#/$defs/b"},
        "b": {"allOf": [{"$ref": "#/$defs/a"}]},
        "c": {"dependentSchemas": {"x": {"$ref": "#/$defs/c"}}},
        "d": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/c"}]},
    }
    assert [each.path[1] for each in find({"$ref": "#/$defs/d", "$defs": parts})] == ["b", "c"]


def test_many_references_in_a_chain() -> None:
    parts: dict[str, Any] = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}", "$anchor": f"a{n}"} for n in range(3000)}
    schema = {"$ref": "#a0", "$defs": {**parts, "a3000": {"$ref": "#a0"}}}
    assert [each.path for each in find(schema)] == [("$defs", "a3000", "$ref")]
