"""The schema of all schemas tells whether something is a JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema_specifications import REGISTRY

from dsl.json_schema.schema_errors import build_validator, describe_errors
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path


def find_schema_errors(schema: Any) -> list[tuple[Path, str]]:
    """Find what keeps `schema` from being a JSON Schema (2020-12): the place and the message of each error."""
    return describe_errors(build_validator(Draft202012Validator.META_SCHEMA), schema)


def build_plain_metaschema(place: Mapping[str, Any]) -> dict[str, Any]:
    """Write the schema of all schemas as one map without references to other documents.

    The original is made of one document for each vocabulary, and these refer to each other by addresses on another
    host and by `$dynamicRef`. Editors that work offline find none of them.

    Args:
        place: The reference to the place where the result will stand.
    """
    original = Draft202012Validator.META_SCHEMA
    base = original["$id"].removesuffix("schema")
    vocabularies = [REGISTRY.contents(base + part["$ref"]) for part in original["allOf"]]
    properties = {
        keyword: _make_plain(schema, vocabulary.get("$defs", {}), place)
        for vocabulary in vocabularies
        for keyword, schema in vocabulary["properties"].items()
    }
    return {"type": original["type"], "properties": properties}


def _make_plain(schema: JsonValue, local: Mapping[str, Any], place: Mapping[str, Any]) -> JsonValue:
    if not isinstance(schema, dict):
        return schema
    match schema:
        case {"$dynamicRef": _}:
            return dict(place)
        case {"$ref": reference}:
            return _make_plain(local[reference.rpartition("/")[2]], local, place)
        case {"anyOf": [single, {"type": "array"} as several]}:
            single, several = (_make_plain(each, local, place) for each in (single, several))
            return {"if": {"type": "array"}, "then": several, "else": single}
        case _:
            notes = ("default", "$comment", "format")
            return {
                word: _make_plain(each, local, place) for word, each in schema.items() if word not in notes
            }
