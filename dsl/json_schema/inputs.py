"""The input of a run, against the definition's JSON Schema."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from dsl.json_schema.schema_errors import describe_errors
from dsl.scalars.duration import parse_duration
from dsl.scalars.time import parse_time
from dsl.source.map import Path

FORMATS = FormatChecker(formats=())
"""The formats that are checked: those of the values that steps take. Others are notes, as JSON Schema has it."""


@dataclass(frozen=True, slots=True)
class InputProblem:
    """What is wrong with an input, and where."""

    path: Path
    message: str

    def describe(self, name: str) -> str:
        """What to say of it, by the name of the whole."""
        return f"{'.'.join(map(str, (name, *self.path)))}: {self.message}"

    def __str__(self) -> str:
        return self.describe("input")


def check_input(schema: dict[str, Any] | None, data: Any) -> tuple[Any, list[InputProblem]]:
    """Fill in the schema's `default`s, then check the input.

    Args:
        schema: JSON Schema 2020-12, a valid one; None accepts everything.
        data: The input; None, when nothing was given, counts as an empty object if the schema wants one.

    Returns:
        The input with its defaults (a copy; `data` is not changed), and its problems in order of their place.
    """
    if schema is None:
        return data, []
    filled = fill_defaults(schema, {} if data is None and schema.get("type") == "object" else data)
    return filled, find_misfits(schema, filled)


def find_misfits(schema: dict[str, Any], data: Any) -> list[InputProblem]:
    """What is wrong with data, in order of its place."""
    errors = Draft202012Validator(schema, format_checker=FORMATS).iter_errors(data)
    return [InputProblem(path, message) for path, message in describe_errors(errors)]


@FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: Any) -> bool:
    return not isinstance(value, str) or bool(parse_time(value))


@FORMATS.checks("duration", raises=ValueError)
def _is_duration(value: Any) -> bool:
    return not isinstance(value, str) or parse_duration(value) is not None


def fill_defaults(schema: Any, data: Any) -> Any:
    """Add missing properties that have a `default`, through nested objects and lists."""
    if not isinstance(schema, dict):
        return data
    if isinstance(data, dict):
        properties = schema.get("properties", {})
        data = dict(data)
        for name, inner in properties.items():
            if name not in data and isinstance(inner, dict) and "default" in inner:
                data[name] = deepcopy(inner["default"])
            if name in data:
                data[name] = fill_defaults(inner, data[name])
    if isinstance(data, list) and "items" in schema:
        return [fill_defaults(schema["items"], item) for item in data]
    return data
