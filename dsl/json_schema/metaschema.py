"""The schema of all schemas tells whether something is a JSON Schema."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

from dsl.json_schema.schema_errors import describe_errors
from dsl.source.map import Path


def find_schema_errors(schema: Any) -> list[tuple[Path, str]]:
    """Find what keeps `schema` from being a JSON Schema (2020-12): the place and the message of each error."""
    validator = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    return describe_errors(validator, schema)
