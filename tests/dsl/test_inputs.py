"""Inputs against the definition's schema: defaults, and what is said of what does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from dsl.json_schema.inputs import check_input

SCHEMA = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "minLength": 2, "maxLength": 4, "pattern": "^[a-z]+$"},
        "count": {"type": ["integer", "null"], "minimum": 1, "exclusiveMaximum": 10, "default": 1},
        "size": {"enum": ["s", "m"]},
        "fixed": {"const": 1},
        "items": {"type": "array", "maxItems": 1, "items": {"properties": {"qty": {"default": 2}}}},
        "either": {"anyOf": [{"type": "string"}, {"type": "boolean"}]},
        "even": {"multipleOf": 2},
        "closed": {"additionalProperties": False},
        "at": {"format": "date-time"},
        "wait": {"format": "duration"},
        "mail": {"format": "email"},
        "never": False,
    },
}

SAID: list[tuple[Any, list[str]]] = [
    (None, ['input: "id" is missing']),
    ([], ["input: expected a map, found an empty list"]),
    ({"id": 7}, ["input.id: expected text, found the number 7"]),
    ({"id": "a"}, ['input.id: "a" is not at least 2 characters long']),
    ({"id": "abcde"}, ['input.id: "abcde" is not at most 4 characters long']),
    ({"id": "AB"}, ['input.id: "AB" does not match the pattern ^[a-z]+$']),
    ({"id": "ab", "count": 0}, ["input.count: 0 is out of range: it must be at least 1"]),
    ({"id": "ab", "count": 10}, ["input.count: 10 is out of range: it must be less than 10"]),
    ({"id": "ab", "count": 1.5}, ["input.count: expected a whole number or null, found the number 1.5"]),
    ({"id": "ab", "size": "l"}, ['input.size: "l" is not accepted; allowed: "m", "s"']),
    ({"id": "ab", "fixed": 2}, ["input.fixed: 2 is not accepted; allowed: 1"]),
    (
        {"id": "ab", "items": [{}, {}]},
        ['input.items: [{"qty": 2}, {"qty": 2}] is not a list with a length of at most 1'],
    ),
    ({"id": "ab", "items": {}}, ["input.items: expected a list, found an empty map"]),
    ({"id": "ab", "either": 1}, ["input.either: expected text, found the number 1"]),
    ({"id": "ab", "even": 3}, ["input.even: 3 does not satisfy multipleOf: 2"]),
    ({"id": "ab", "cuont": 1}, ['input: "cuont" is not expected; did you mean "count"?']),
    ({"id": "ab", "closed": {"x": 1}}, ['input.closed: "x" is not expected; allowed: nothing']),
    ({"id": "ab", "closed": True}, []),
    ({"id": "ab", "at": "2027-01-01T09:00:00Z", "wait": "PT1H", "mail": "nobody"}, []),
    ({"id": "ab", "at": 7, "wait": "2d"}, []),
    (
        {"id": "ab", "at": "2027-02-30T09:00:00Z"},
        ['input.at: "2027-02-30T09:00:00Z" is not a time; write for example 2027-01-01T09:00:00Z'],
    ),
    (
        {"id": "ab", "wait": "2 days"},
        ['input.wait: "2 days" is not a duration; write for example 500ms, 30s, 5m, 1h30m, 2d, PT30S'],
    ),
    ({"id": "ab", "never": 1}, ["input: 1 is not accepted here"]),
]


@pytest.mark.parametrize(("data", "said"), SAID, ids=lambda value: str(value))
def test_what_is_said_of_an_input(data: Any, said: list[str]) -> None:
    _, problems = check_input(SCHEMA, data)
    assert [str(problem) for problem in problems] == said


def test_defaults_are_filled_in_and_the_input_is_left_alone() -> None:
    given = {"id": "ab", "items": [{}], "either": "x"}
    filled, problems = check_input(SCHEMA, given)
    assert problems == []
    assert filled == {"id": "ab", "items": [{"qty": 2}], "either": "x", "count": 1}
    assert given == {"id": "ab", "items": [{}], "either": "x"}


def test_without_a_schema_everything_goes() -> None:
    assert check_input(None, [1]) == ([1], [])


@pytest.mark.parametrize("schema", [None, {"type": "object"}])
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have(schema: dict[str, Any] | None, number: str) -> None:
    data = {"prices": [{"a": [1.0, 2, float(number)]}]}
    _, problems = check_input(schema, data)
    assert [str(each) for each in problems] == [f"input.prices.0.a.2: {number} is not a value of JSON"]
