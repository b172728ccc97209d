"""The committed JSON Schema is the model's, and explains itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dsl.json_schema.schema import FILE, build_workflow_schema, format_schema

COMMITTED = Path(__file__).parents[2] / "schemas" / FILE
SCHEMA = build_workflow_schema()
MAPS: dict[str, Any] = SCHEMA["$defs"]


def test_the_committed_schema_is_the_models() -> None:
    """After a change of the model: `stepfile schema > schemas/workflow.schema.json`."""
    assert COMMITTED.read_text(encoding="utf-8") == format_schema()


def test_the_schema_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def keys() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for owner, model in [("definition", SCHEMA), *MAPS.items()]:
        for name, key in model.get("properties", {}).items():
            yield owner, name, key


@pytest.mark.parametrize(("owner", "name", "key"), [pytest.param(*k, id=f"{k[0]}.{k[1]}") for k in keys()])
def test_every_key_has_a_description_and_an_example_that_fits(
    owner: str, name: str, key: dict[str, Any]
) -> None:
    meant = MAPS[key["$ref"].rpartition("/")[2]] if "$ref" in key and "description" not in key else key
    assert meant["description"].endswith(".")
    [example, *_] = key["examples"]
    Draft202012Validator({**key, "$defs": MAPS}).validate(example)
