"""To check a definition against the JSON Schema costs as much as it is large, however deep its steps are nested."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from dsl.json_schema.schema import build_workflow_schema
from dsl.parsing.parse import parse
from dsl.reading.composing import MAX_DEPTH

SCHEMA = build_workflow_schema()
Step = dict[str, Any]

NESTS: dict[str, Callable[[Step], Step]] = {
    "steps": lambda step: {"steps": [step]},
    "for_each": lambda step: {"for_each": "input.items", "steps": [step]},
    "repeat": lambda step: {"repeat": {"maximum_iterations": 2}, "steps": [step]},
    "parallel": lambda step: {"parallel": {"branch": [step]}},
    "race": lambda step: {"race": {"branch": [step]}},
    "case": lambda step: {"switch": [{"when": "true", "steps": [step]}]},
    "default": lambda step: {"switch": [{"default": [step]}]},
    "catch": lambda step: {"wait": "1s", "catch": [{"steps": [step]}]},
    "finally": lambda step: {"return": 1, "finally": [step]},
    "compensate": lambda step: {"activity": "book", "compensate": {"steps": [step]}},
}
"""All ways to put a step into a step."""


def nest(kind: str, depth: int, innermost: Step) -> dict[str, Any]:
    step = innermost
    for _ in range(depth):
        step = NESTS[kind](step)
    return {"dsl": "1", "name": "nested", "steps": [step]}


RIGHT: Step = {"activity": "book"}
MISSPELT: Step = {"activity": "book", "tiemouts": {}}


def count_references(data: Any) -> int:
    """Count how often a validator goes into a definition of the schema: it does so for each step, at least."""
    followed = 0

    def follow(validator: Any, reference: str, instance: Any, schema: Any) -> Iterator[Any]:
        nonlocal followed
        followed += 1
        yield from Draft202012Validator.VALIDATORS["$ref"](validator, reference, instance, schema) or ()

    counting = extend(Draft202012Validator, {"$ref": follow})  # type: ignore[no-untyped-call]
    list(counting(SCHEMA).iter_errors(data))
    return followed


@pytest.mark.parametrize("innermost", [RIGHT, MISSPELT], ids=["right", "misspelt"])
@pytest.mark.parametrize("kind", NESTS)
def test_the_cost_grows_with_the_depth(kind: str, innermost: Step) -> None:
    """With `oneOf` it was three times as high at each level."""
    shallow, deep = (count_references(nest(kind, depth, innermost)) for depth in (3, 6))
    assert deep < 2.5 * shallow


@pytest.mark.parametrize("kind", NESTS)
def test_one_mistake_deep_inside_is_one_error_about_the_kind_that_was_meant(kind: str) -> None:
    [error] = Draft202012Validator(SCHEMA).iter_errors(nest(kind, 6, MISSPELT))
    assert error.message == "Additional properties are not allowed ('tiemouts' was unexpected)"
    assert error.instance == MISSPELT


def find_depth(data: Any) -> int:
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return 1 + max(map(find_depth, inner), default=0) if isinstance(data, dict | list) else 0


@pytest.mark.parametrize("kind", NESTS)
def test_the_deepest_definition_can_be_checked(kind: str) -> None:
    """A validator calls itself several times at each level, and Python allows 1,000 calls."""
    depth = next(n for n in range(MAX_DEPTH) if find_depth(nest(kind, n + 1, RIGHT)) > MAX_DEPTH)
    Draft202012Validator(SCHEMA).validate(nest(kind, depth, RIGHT))


MISTAKES: dict[str, tuple[Step, str, list[str | int]]] = {
    "a misspelt action": ({"activty": "book"}, "'activty' is not one of ['activity', 'http',", []),
    "no action": ({"id": "book"}, "{'id': 'book'} is not valid under any of the given schemas", []),
    "two actions": ({"wait": "1s", "set": {"a": 1}}, "('set' was unexpected)", []),
    "a map in a list of cases": (
        {"switch": [{"wehn": "true"}]},
        "'when' is a required property",
        ["switch", 0],
    ),
    "a policy": (
        {"activity": "a", "retry": {"jitter": 1}},
        "1 is not one of ['none', 'full']",
        ["retry", "jitter"],
    ),
    "a name": ({"activity": "a", "retry": "A"}, "'A' does not match", ["retry"]),
    "a child": ({"child_workflow": {"wait": "x"}}, "'x' is not one of", ["child_workflow", "wait"]),
    "a breaker": (
        {"activity": "a", "circuit_breaker": {}},
        "'name' is a required property",
        ["circuit_breaker"],
    ),
    "a compensation": (
        {"activity": "a", "compensate": {"activty": "b"}},
        "'activty' is not one of",
        ["compensate"],
    ),
    "pages": (
        {"for_each": {"pages": {}}, "steps": [RIGHT]},
        "'activity' is a required",
        ["for_each", "pages"],
    ),
    "items": ({"for_each": 3, "steps": [RIGHT]}, "3 is not of type 'string', 'array'", ["for_each"]),
    "a duration": ({"wait": "soon"}, "'soon' does not match", ["wait"]),
    "a status": (
        {"http": {"url": "x", "expect": [99]}},
        "99 is less than the minimum of 100",
        ["http", "expect", 0],
    ),
    "not a map": ([], "[] is not of type 'object'", []),  # type: ignore[dict-item]
}


@pytest.mark.parametrize(("step", "message", "place"), MISTAKES.values(), ids=MISTAKES)
def test_the_error_is_about_the_form_that_was_meant(step: Step, message: str, place: list[str | int]) -> None:
    definition = {"dsl": "1", "name": "wrong", "steps": [step]}
    assert parse(definition).problems
    errors = list(Draft202012Validator(SCHEMA).iter_errors(definition))
    assert any(message in error.message for error in errors), [error.message for error in errors]
    assert {tuple(error.absolute_path) for error in errors} == {("steps", 0, *place)}
