"""What a definition calls a JSON Schema is one (2020-12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dsl.definition.walk import walk
from dsl.expressions.scope import Schema
from dsl.json_schema.schema_errors import complaints
from dsl.model import ActivityStep, Definition
from dsl.problems.problem import Problem
from dsl.source.map import Path

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")


def check_schemas(definition: Definition) -> Iterator[Problem]:
    for schema, place in _schemas(definition):
        if schema is not None and not _plain(schema):
            yield from _valid(schema, place)


def trusted(schema: dict[str, Any] | None) -> Schema:
    """A schema that others may rely on: one that is none, or is not there, says nothing."""
    return schema if schema is not None and (_plain(schema) or not any(_valid(schema, ()))) else True


def _schemas(definition: Definition) -> Iterator[tuple[Any, Path]]:
    yield definition.input, ("input",)
    for name, signal in definition.signals.items():
        yield signal.schema_, ("signals", name, "schema")
    for name, update in definition.updates.items():
        yield update.schema_, ("updates", name, "schema")
    for placed in walk(definition):
        if isinstance(placed.step, ActivityStep):
            yield placed.step.result_schema, (*placed.path, "result_schema")


def _valid(schema: Any, place: Path) -> Iterator[Problem]:
    from jsonschema import Draft202012Validator  # a third of the time that `stepfile validate` takes

    validator = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    for path, message in complaints(validator.iter_errors(schema)):
        yield Problem(
            "bad-schema",
            f"not a JSON Schema: {message}",
            (*place, *path),
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
