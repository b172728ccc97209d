"""The JSON Schema says of each map what it may hold, and agrees with `stepfile validate` on names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dsl.json_schema.forms import KINDS, name_without_action
from dsl.json_schema.schema import METASCHEMA
from dsl.parsing.parse import parse
from tests.dsl.test_schema import PUBLISHED

VALIDATOR = Draft202012Validator(PUBLISHED)
OPEN = {METASCHEMA, *map(name_without_action, KINDS)}
"""A schema may hold any keyword. A map without an action is never right, whatever it holds."""
IN_ONE = ("additionalProperties", "items", "then", "else")
IN_MANY = ("allOf", "anyOf")


def walk(schema: Any, owner: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """All schemas that values must fit, and the key at which each stands. What follows `if` and `not` only asks."""
    if not isinstance(schema, Mapping):
        return
    yield owner, dict(schema)
    for key, inner in schema.get("properties", {}).items():
        yield from walk(inner, f"{owner}.{key}")
    for word in IN_ONE:
        yield from walk(schema.get(word), owner)
    for inner in (inner for word in IN_MANY for inner in schema.get(word, ())):
        yield from walk(inner, owner)


ALL = [
    each
    for owner, schema in [("Definition", PUBLISHED), *PUBLISHED["$defs"].items()]
    if owner not in OPEN
    for each in walk(schema, owner)
]
NAMED = {key for key, schema in ALL if "propertyNames" in schema}


def test_every_map_says_what_it_may_hold() -> None:
    for key, schema in ALL:
        if "properties" in schema or "patternProperties" in schema:
            assert schema["additionalProperties"] is False, key
        elif schema.get("type") == "object" and "$ref" not in schema:
            assert {"propertyNames", "additionalProperties"} <= schema.keys(), key


STEP: dict[str, Any] = {"wait": "1s"}
OF_DEFINITION: dict[str, Any] = {
    "retry_policies": {"maximum_attempts": 2},
    "circuit_breakers": {"wait_duration_in_open_state": "1s"},
    "dead_letter_queues": {},
    "vars": 0,
    "signals": {},
    "updates": {},
    "queries": "vars.total",
}
PLACES: dict[str, tuple[dict[str, Any], Any]] = {
    **{f"Definition.{key}": ({key: {}, "steps": [STEP]}, value) for key, value in OF_DEFINITION.items()},
    **{
        f"BundledDefinition.{key}": (
            {"definitions": {"other": {key: {}, "steps": [STEP]}}, "steps": [STEP]},
            value,
        )
        for key, value in OF_DEFINITION.items()
    },
    "Definition.definitions": ({"definitions": {}, "steps": [STEP]}, {"steps": [STEP]}),
    "ParallelStep.parallel": ({"steps": [{"parallel": {}}]}, [STEP]),
    "RaceStep.race": ({"steps": [{"race": {}}]}, [STEP]),
    "SetStep.set": ({"steps": [{"set": {}}]}, 1),
    "UpdateDeclaration.set": ({"updates": {"add": {"set": {}}}, "steps": [STEP]}, 1),
    "RetryPolicy.by_error": ({"retry": {"by_error": {}}, "steps": [STEP]}, {"delay": "1s"}),
    "HttpRequest.headers": ({"steps": [{"http": {"url": "x", "headers": {}}}]}, "1"),
    "HttpRequest.query": ({"steps": [{"http": {"url": "x", "query": {}}}]}, "1"),
}
"""A map with named entries → the smallest definition that has it, empty, and the value of an entry."""

NAMES = (
    "a",
    "a_1",
    "a-1",
    "aB",
    "A",
    "1a",
    "_a",
    "a.b",
    "a b",
    " a",
    "",
    "$a",
    "a$",
    "é",
    "a" * 65,
    "a" * 201,
)


def test_every_map_with_named_entries_is_tried() -> None:
    assert PLACES.keys() == NAMED


def put(place: str, name: str, value: Any) -> dict[str, Any]:
    """The definition of a place, with one entry in its map."""

    def fill(data: Any) -> Any:
        match data:
            case {**inner} if data.get(key) == {}:
                return {**inner, key: {name: value}}
            case dict():
                return {each: fill(inner) for each, inner in data.items()}
            case list():
                return [fill(inner) for inner in data]
            case _:
                return data

    key = place.rpartition(".")[2]
    return {"dsl": "1", "name": "named", **fill(PLACES[place][0])}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", PLACES)
def test_schema_and_validate_agree_on_names(place: str, name: str) -> None:
    definition = put(place, name, PLACES[place][1])
    assert VALIDATOR.is_valid(definition) == (not parse(definition).problems)


@pytest.mark.parametrize("place", [place for place in PLACES if not place.endswith((".headers", ".query"))])
def test_a_bad_name_does_not_let_its_entry_go_unchecked(place: str) -> None:
    definition = put(place, "$", [{"no": "step"}])
    assert not VALIDATOR.is_valid(definition)
    assert parse(definition).problems
