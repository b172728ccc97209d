"""The `input` of a definition is itself a valid JSON Schema (2020-12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dsl.model import Definition
from dsl.problem import Problem
from dsl.schema_errors import complaints

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")


def check_schemas(definition: Definition) -> Iterator[Problem]:
    if definition.input is None or _plain(definition.input):
        return
    from jsonschema import Draft202012Validator  # a third of the time that `stepfile validate` takes

    validator = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    for path, message in complaints(validator.iter_errors(definition.input)):
        yield Problem(
            "bad-schema",
            f"not a JSON Schema: {message}",
            ("input", *path),
            hint="see https://json-schema.org/draft/2020-12",
        )


def _plain(schema: Any) -> bool:
    """Whether a schema says only everyday things, and those rightly. If not, jsonschema is asked."""
    return isinstance(schema, bool) or (
        isinstance(schema, dict) and all(k in _PLAIN and _PLAIN[k](v) for k, v in schema.items())
    )


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value) and len({*value}) == len(value)


_PLAIN: dict[str, Callable[[Any], bool]] = {
    "type": lambda value: isinstance(value, str) and value in TYPES,
    "properties": lambda value: isinstance(value, dict) and all(map(_plain, value.values())),
    "required": _texts,
    "additionalProperties": _plain,
    "items": _plain,
    "description": lambda value: isinstance(value, str),
    "default": lambda _: True,
    "enum": lambda value: isinstance(value, list),
}
