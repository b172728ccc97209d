"""What a JSON Schema says is meant: its keywords exist, and it requires properties that it allows.

JSON Schema itself accepts any keyword, and ignores those that it does not know. So a typo makes a valid schema that
checks less than it says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from dsl.json_schema.keywords import FORMATS, KEYWORDS, NOTES, OF_OTHER_DIALECTS, TYPES, takes, walk_schemas
from dsl.problems.names import report_unknown
from dsl.problems.problem import Problem
from dsl.problems.suggest import find_misspelt
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path

_OWN = "x-"
"""Keywords that begin so are notes of the user's."""
SEE: Final = "see https://json-schema.org/draft/2020-12"
"""The hint where JSON Schema itself tells what is right."""
_OTHER_TYPES = {"str": "string", "text": "string", "int": "integer", "float": "number", "bool": "boolean"} | {
    "list": "array",
    "dict": "object",
    "map": "object",
    "none": "null",
}
"""Names of types in other languages."""


def find_doubtful_words(schema: Any, place: Path) -> Iterator[Problem]:
    """Find words in a schema that were hardly meant so, at all depths: keywords, types, formats, required names.

    A misspelling is an error. What is only unknown is a warning, since another program may know it.
    """
    for inner, path in walk_schemas(schema, place):
        unknown = [each for each in inner if each not in (*KEYWORDS, *NOTES) and not each.startswith(_OWN)]
        yield from (_report_keyword(each, inner[each], (*path, each)) for each in unknown)
        yield from _check_types(inner.get("type"), (*path, "type"))
        yield from _check_format(inner.get("format"), (*path, "format"))
        if not unknown:  # one of these may be what declares the properties
            yield from _check_required(inner, path)


def _report_keyword(keyword: str, value: JsonValue, path: Path) -> Problem:
    instead = OF_OTHER_DIALECTS.get(keyword)
    misspelt = None if instead else find_misspelt(keyword, [each for each in KEYWORDS if takes(each, value)])
    meant = instead or misspelt
    problem = report_unknown(
        "unknown-keyword",
        f'"{keyword}" is not a keyword of JSON Schema, so it checks nothing',
        keyword,
        [meant] if meant else [],
        path,
        hint=SEE
        if meant
        else 'properties stand under "properties"; the name of a note of your own begins with x-',
        neighbours=OF_OTHER_DIALECTS,
        at="key",
    )
    return problem if misspelt else replace(problem, severity="warning")


def _check_types(said: JsonValue, path: Path) -> Iterator[Problem]:
    names = (
        [((*path, index), name) for index, name in enumerate(said)]
        if isinstance(said, list)
        else [(path, said)]
    )
    for where, name in names:
        if isinstance(name, str) and name not in TYPES:
            message = f'not a JSON Schema: "{name}" is not a type'
            yield report_unknown("bad-schema", message, name, TYPES, where, neighbours=_OTHER_TYPES)


def _check_format(name: JsonValue, path: Path) -> Iterator[Problem]:
    if isinstance(name, str) and name not in FORMATS and find_misspelt(name, FORMATS):
        message = f'"{name}" is not a format of JSON Schema, so it checks nothing'
        problem = report_unknown("unknown-keyword", message, name, FORMATS, path, neighbours={})
        yield replace(problem, severity="warning")


def _check_required(schema: dict[str, Any], path: Path) -> Iterator[Problem]:
    """Check that what is required is declared, where nothing else is allowed, or where a similar name is declared."""
    required: JsonValue = schema.get("required")
    declared: JsonValue = schema.get("properties", {})
    if not isinstance(required, list) or not isinstance(declared, dict):
        return
    closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
    for index, name in enumerate(required):
        if not isinstance(name, str) or name in declared:
            continue
        if closed or find_misspelt(name, declared):
            problem = report_unknown(
                "unknown-property",
                f'the schema requires "{name}", and does not declare it',
                name,
                declared,
                (*path, "required", index),
                hint="declared in properties: {known}",
                neighbours={},
            )
            yield problem if closed else replace(problem, severity="warning")
