"""Which values of an input are secret: where the schema says `writeOnly`, in all the ways in which it can say so."""

from __future__ import annotations

from typing import Any

import pytest

from dsl.json_schema.inputs import check_input
from dsl.json_schema.write_only import build_redactor, find_write_only, is_write_only

SECRET = {"type": "string", "writeOnly": True}
TREE: dict[str, Any] = {
    "$ref": "#/$defs/node",
    "$defs": {"node": {"properties": {"pin": SECRET, "next": {"$ref": "#/$defs/node"}}}},
}

CASES: list[tuple[Any, Any, list[Any]]] = [
    ({"properties": {"a": SECRET}}, {"a": "x", "b": "y"}, [("a",)]),
    ({"properties": {"a": SECRET}}, {"b": "y"}, []),
    ({"properties": {"a": {"writeOnly": False}}}, {"a": "x"}, []),
    ({"properties": {"a": {"properties": {"b": SECRET}}}}, {"a": {"b": "x"}}, [("a", "b")]),
    ({"properties": {"a": {"writeOnly": True, "properties": {"b": SECRET}}}}, {"a": {"c": 1}}, [("a",)]),
    ({"items": SECRET}, ["x", "y"], [(0,), (1,)]),
    ({"prefixItems": [True, SECRET], "items": {"type": "string"}}, ["x", "y", "z"], [(1,)]),
    ({"additionalProperties": SECRET, "properties": {"a": {}}}, {"a": "x", "b": "y"}, [("b",)]),
    ({"patternProperties": {"^x": SECRET}}, {"xa": "x"}, [("xa",)]),
    ({"properties": {"a": {"$ref": "#/$defs/s"}}, "$defs": {"s": SECRET}}, {"a": "x"}, [("a",)]),
    ({"properties": {"a": {"$ref": "#s"}}, "$defs": {"s": {**SECRET, "$anchor": "s"}}}, {"a": "x"}, [("a",)]),
    ({"properties": {"a": {"$ref": "#s"}}, "writeOnly": False}, {"a": "x"}, []),
    ({"properties": {"a": {"$ref": "#/$defs/%20s"}}, "$defs": {" s": SECRET}}, {"a": "x"}, [("a",)]),
    (
        {"properties": {"a": {"$dynamicRef": "#s"}}, "$defs": {"s": {**SECRET, "$dynamicAnchor": "s"}}},
        {"a": "x"},
        [("a",)],
    ),
    ({"properties": {"a": {"anyOf": [{"type": "null"}, SECRET]}}}, {"a": "x"}, [("a",)]),
    ({"if": {"required": ["k"]}, "then": {"properties": {"a": SECRET}}}, {"a": "x"}, [("a",)]),
    (
        {"properties": {"a": {"$ref": "#/nowhere/0"}, "b": {"$ref": "https://x.example"}}},
        {"a": 1, "b": 1},
        [],
    ),
    (TREE, {"pin": "1", "next": {"next": {"pin": "2"}}}, [("next", "next", "pin"), ("pin",)]),
    ({"writeOnly": True}, "all", [()]),
    (True, {"a": 1}, []),
]


@pytest.mark.parametrize(("schema", "data", "paths"), CASES)
def test_the_schema_says_what_is_secret(schema: Any, data: Any, paths: list[Any]) -> None:
    found = sorted(path for path, _ in find_write_only(schema, data))
    assert found == paths
    assert all(is_write_only(schema, path) for path in paths)


def test_a_schema_that_leads_back_to_itself_ends() -> None:
    schema = {"$ref": "#", "properties": {"a": {"$ref": "#"}, "s": SECRET}}
    assert [path for path, _ in find_write_only(schema, {"a": {"a": {"s": "x"}}})] == [("a", "a", "s")]
    assert is_write_only(schema, ("a", "a", "s", "inside"))
    assert not is_write_only(schema, ("a", "a"))


def test_all_texts_and_numbers_of_a_secret_are_hidden() -> None:
    schema = {"properties": {"card": {"writeOnly": True}}}
    hidden = build_redactor(
        schema, {"card": {"number": "4111-1111", "cvc": 123, "pins": [987654], "ok": True}}
    )
    label = "[writeOnly input.card]"
    assert hidden.redact_value(["card 4111-1111", 123, 987654, True, "987654 123"]) == [
        *(f"card {label}", label, label, True, f"{label} 123")
    ]
    assert not build_redactor(schema, {"other": "x"})


@pytest.mark.parametrize("value", ["abc", "a-longer-value", ["abc"]])
def test_what_is_wrong_with_a_secret_does_not_tell_it(value: Any) -> None:
    schema = {"type": "object", "properties": {"pin": {"type": "string", "minLength": 20, "writeOnly": True}}}
    _, problems = check_input(schema, {"pin": value})
    assert [str(problem) for problem in problems] == [
        "input.pin: the schema does not allow the value, which is writeOnly and not shown"
    ]
