"""The input of a run is checked against the JSON Schema of its definition."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, NamedTuple

from jsonschema import FormatChecker

from dsl.json_schema.schema_errors import build_validator, describe_errors
from dsl.json_schema.write_only import find_write_only
from dsl.scalars.duration import parse_duration
from dsl.scalars.json_value import JsonValue, find_not_finite
from dsl.scalars.time import parse_time
from dsl.source.map import Path

FORMATS = FormatChecker(formats=())
"""The formats that are checked: those of the values that steps take. JSON Schema has it that all others are notes."""


class InputProblem(NamedTuple):
    """This is what is wrong with an input, and where."""

    path: Path
    message: str

    def describe(self, name: str) -> str:
        """Describe the problem. `name` is what the whole input is called."""
        return f"{'.'.join(map(str, (name, *self.path)))}: {self.message}"

    def __str__(self) -> str:
        return self.describe("input")


def check_input(schema: dict[str, Any] | None, data: Any) -> tuple[Any, list[InputProblem]]:
    """Fill in the `default`s of the schema, then check the input.

    Args:
        schema: A valid JSON Schema (2020-12); None accepts everything.
        data: The input. None means that nothing was given, and counts as an empty object if the schema wants one.

    Returns:
        The input with its defaults, and its problems in the order of their places. The input is a copy: `data` is not
        changed.
    """
    foreign = find_not_finite(data)
    if foreign is not None:
        path, number = foreign
        return data, [InputProblem(path, f"{number} is not a value of JSON")]
    if schema is None:
        return data, []
    filled = fill_defaults(schema, {} if data is None and schema.get("type") == "object" else data)
    return filled, [*_hide(find_misfits(schema, filled), schema, filled)]


def _hide(problems: list[InputProblem], schema: dict[str, Any], data: Any) -> Iterator[InputProblem]:
    """Say nothing of a secret value but that it is wrong."""
    hidden = [path for path, _ in find_write_only(schema, data)] if problems else []
    for problem in problems:
        if any(problem.path[: len(path)] == path for path in hidden):
            yield InputProblem(
                problem.path, "the schema does not allow the value, which is writeOnly and not shown"
            )
        else:
            yield problem


def find_misfits(schema: dict[str, Any], data: Any, part: dict[str, Any] | None = None) -> list[InputProblem]:
    """Find what is wrong with data, in the order of its places.

    Args:
        schema: A valid JSON Schema.
        data: What shall fit it.
        part: The part of the schema that the data shall fit; None: the whole schema.
    """
    validator = build_validator(schema, FORMATS, part)
    return [InputProblem(path, message) for path, message in describe_errors(validator, data)]


@FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: Any) -> bool:
    return not isinstance(value, str) or bool(parse_time(value))


@FORMATS.checks("duration", raises=ValueError)
def _is_duration(value: Any) -> bool:
    if isinstance(value, str):
        parse_duration(value)
    return True


def fill_defaults(schema: JsonValue, data: JsonValue) -> JsonValue:
    """Add missing properties that have a `default`, through nested objects and lists."""
    if not isinstance(schema, dict):
        return data
    if isinstance(data, dict):
        properties: dict[str, JsonValue] = schema.get("properties", {})
        data = dict(data)
        for name, inner in properties.items():
            if name not in data and isinstance(inner, dict) and "default" in inner:
                data[name] = deepcopy(inner["default"])
            if name in data:
                data[name] = fill_defaults(inner, data[name])
    if isinstance(data, list) and "items" in schema:
        return [fill_defaults(schema["items"], item) for item in data]
    return data
