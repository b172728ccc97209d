"""What a definition calls a JSON Schema is one (2020-12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dsl.definition.walk import walk
from dsl.expressions.scope import Schema
from dsl.json_schema.keywords import TYPES
from dsl.model import ActivityStep, Definition
from dsl.problems.problem import Problem
from dsl.rules.schema_defaults import find_bad_defaults
from dsl.rules.schema_patterns import find_bad_patterns
from dsl.rules.schema_words import SEE, find_doubtful_words
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path


def check_schemas(definition: Definition) -> Iterator[Problem]:
    """Find the mistakes in each JSON Schema of a definition."""
    for schema, place in _find_schemas_of_values(definition):
        problems = list(_check_schema(schema, place))
        yield from problems
        if not _has_error(problems):
            yield from find_bad_defaults(schema, place)
    for schema, place in _find_schemas_of_results(definition):
        yield from _check_schema(schema, place)


def trust_schema(schema: dict[str, Any] | None) -> Schema:
    """Get a schema that others may rely on.

    If there is none, or if it has mistakes, that is `true`: anything goes.
    """
    return True if schema is None or _has_error(_check_schema(schema, ())) else schema


def _has_error(problems: Iterable[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


def _find_schemas_of_values(definition: Definition) -> Iterator[tuple[dict[str, Any], Path]]:
    """Find the schemas of what is given to a run. Their defaults are filled in."""
    if definition.input is not None:
        yield definition.input, ("input",)
    for name, signal in definition.signals.items():
        if signal.schema_ is not None:
            yield signal.schema_, ("signals", name, "schema")
    for name, update in definition.updates.items():
        if update.schema_ is not None:
            yield update.schema_, ("updates", name, "schema")


def _find_schemas_of_results(definition: Definition) -> Iterator[tuple[dict[str, Any], Path]]:
    for placed in walk(definition):
        if isinstance(placed.step, ActivityStep) and placed.step.result_schema is not None:
            yield placed.step.result_schema, (*placed.path, "result_schema")


def _check_schema(schema: Any, place: Path) -> Iterator[Problem]:
    doubtful = list(find_doubtful_words(schema, place))
    yield from doubtful
    if _is_plain(schema):
        return
    # This imports jsonschema: 27 ms, a sixth of what `import dsl` takes. Most schemas are plain and do not need it.
    from dsl.json_schema.metaschema import find_schema_errors  # noqa: PLC0415

    # This imports `referencing`, which is a part of jsonschema's cost.
    from dsl.rules.schema_references import find_bad_references  # noqa: PLC0415

    yield from find_bad_patterns(schema, place)
    told = {problem.path[:length] for problem in doubtful for length in (-1, None)}
    errors = find_schema_errors(schema)
    if not errors:
        yield from find_bad_references(schema, place)
    for path, message in errors:
        where = (*place, *path)
        if where not in told:  # of a wrong type in a list of types, jsonschema blames the list
            yield Problem(
                "bad-schema",
                f"not a JSON Schema: {message}",
                where,
                hint=SEE,
            )


def _is_plain(schema: JsonValue) -> bool:
    """Tell whether a schema says only everyday things, and says them rightly. If not, jsonschema is asked."""
    return isinstance(schema, bool) or (
        isinstance(schema, dict) and all(k in _PLAIN and _PLAIN[k](v) for k, v in schema.items())
    )


def _is_list_of_texts(value: JsonValue) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value) and len({*value}) == len(value)


_PLAIN: dict[str, Callable[[JsonValue], bool]] = {
    "type": lambda value: isinstance(value, str) and value in TYPES,
    "properties": lambda value: isinstance(value, dict) and all(map(_is_plain, value.values())),
    "required": _is_list_of_texts,
    "additionalProperties": _is_plain,
    "items": _is_plain,
    "description": lambda value: isinstance(value, str),
    "default": lambda _: True,
    "enum": lambda value: isinstance(value, list),
}
