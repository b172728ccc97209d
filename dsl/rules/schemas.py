"""The `input` of a definition is itself a valid JSON Schema (2020-12)."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.model import Definition
from dsl.problem import Problem
from dsl.schema_errors import complaints


def check_schemas(definition: Definition) -> Iterator[Problem]:
    if definition.input is None:
        return
    from jsonschema import Draft202012Validator  # slow to import, and not every definition has a schema

    validator = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    for path, message in complaints(validator.iter_errors(definition.input)):
        yield Problem(
            "bad-schema",
            f"not a JSON Schema: {message}",
            ("input", *path),
            hint="see https://json-schema.org/draft/2020-12",
        )
