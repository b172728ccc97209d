"""The committed JSON Schema is the model's, explains itself, and needs nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dsl.json_schema.schema import FILE, METASCHEMA, build_workflow_schema, format_schema

COMMITTED = Path(__file__).parents[2] / "schemas" / FILE
SCHEMA = build_workflow_schema()
MAPS: dict[str, Any] = SCHEMA["$defs"]
PUBLISHED: dict[str, Any] = json.loads(format_schema())


def test_the_committed_schema_is_the_models() -> None:
    """After a change of the model: `stepfile schema > schemas/workflow.schema.json`."""
    assert COMMITTED.read_text(encoding="utf-8") == format_schema()


def test_the_schema_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(PUBLISHED)


def test_no_pattern_lets_a_last_newline_through() -> None:
    """In Python `$` matches before it. Editors and `stepfile validate` refuse such a name."""
    definition = {"dsl": "1", "name": "a", "steps": [{"id": "a", "activity": "a"}]}
    validator = Draft202012Validator(PUBLISHED)
    assert validator.is_valid(definition)
    assert not validator.is_valid({**definition, "name": "a\n"})
    assert not validator.is_valid({**definition, "vars": {"a\n": 1}})
    for step in (
        {"id": "a\n"},
        {"activity": "a\n"},
        {"task_queue": "a\n"},
        {"timeouts": {"heartbeat": "1s\n"}},
    ):
        assert not validator.is_valid({**definition, "steps": [{"activity": "a", **step}]}), step


def keys() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for owner, model in [("definition", SCHEMA), *MAPS.items()]:
        if owner != METASCHEMA:
            for name, key in model.get("properties", {}).items():
                yield owner, name, key


@pytest.mark.parametrize(("owner", "name", "key"), [pytest.param(*k, id=f"{k[0]}.{k[1]}") for k in keys()])
def test_every_key_has_a_description_and_an_example_that_fits(
    owner: str, name: str, key: dict[str, Any]
) -> None:
    assert key["description"].endswith(".")
    [example, *_] = key["examples"]
    Draft202012Validator({**key, "$defs": MAPS}).validate(example)


def walk(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every map in the text of a schema, and where it stands."""
    if isinstance(schema, dict):
        yield path, schema
    inner = (
        schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    )
    for word, each in inner:
        yield from walk(each, f"{path}/{word}")


def test_the_schema_refers_to_itself_only() -> None:
    """Editors and checks work offline: nothing has to be loaded from another host."""
    for path, schema in walk(PUBLISHED):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            assert reference.startswith("#/$defs/"), path
            assert reference.removeprefix("#/$defs/") in PUBLISHED["$defs"], path
        assert not {"$dynamicRef", "$recursiveRef"} & schema.keys() or path.endswith("/properties"), path
        assert not isinstance(schema.get("$id"), str), path


def test_no_value_is_compared_with_several_forms() -> None:
    """`oneOf` and `anyOf` go into each form of each step inside a step. Here they may look for keys only."""
    for path, schema in walk(PUBLISHED):
        if path.endswith("/properties"):
            continue
        assert "oneOf" not in schema, path
        assert all(form.keys() <= {"required", "errorMessage"} for form in schema.get("anyOf", ())), path
