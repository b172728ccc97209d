"""JSON Schema (2020-12) has these keywords. It ignores all others, so a misspelt one checks nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path

TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")

MAPS_OF_SCHEMAS: Final = (
    *("properties", "patternProperties", "dependentSchemas", "$defs"),
    *("definitions", "dependencies"),  # of older drafts, and still known
)
LISTS_OF_SCHEMAS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
SCHEMAS: Final = (
    *("additionalProperties", "propertyNames", "unevaluatedProperties"),
    *("items", "contains", "unevaluatedItems", "contentSchema"),
    *("not", "if", "then", "else"),
)

REFERENCES: Final = ("$ref", "$dynamicRef")
"""In a schema that is one document, both mean the same."""
ANCHORS: Final = ("$anchor", "$dynamicAnchor")
_IN_PLACE: Final = ("allOf", "anyOf", "oneOf")
"""Keywords with a list of schemas for the same value."""
_CONDITIONAL: Final = ("if", "then", "else", "not")
"""Keywords with a schema for the same value."""

KEYWORDS: Final = (
    *MAPS_OF_SCHEMAS,
    *LISTS_OF_SCHEMAS,
    *SCHEMAS,
    *("$schema", "$id", "$ref", "$anchor", "$comment", "$vocabulary"),
    *("$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor"),
    *("type", "const", "enum", "required", "dependentRequired", "minProperties", "maxProperties"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"),
    *("minItems", "maxItems", "uniqueItems", "minContains", "maxContains"),
    *("title", "description", "default", "deprecated", "examples", "readOnly", "writeOnly"),
)

NOTES: Final = ("example", "externalDocs", "xml", "discriminator")
"""Keywords of OpenAPI that check nothing there either."""

OF_OTHER_DIALECTS: Final[Mapping[str, str]] = MappingProxyType(
    {"id": "$id", "additionalItems": "items", "nullable": "type", "optional": "required"}
)
"""Keywords that mean something in an older draft or in OpenAPI, and what JSON Schema has instead."""

FORMATS: Final = (
    *(
        "date-time",
        "date",
        "time",
        "duration",
        "email",
        "idn-email",
        "hostname",
        "idn-hostname",
        "ipv4",
        "ipv6",
    ),
    *("uri", "uri-reference", "iri", "iri-reference", "uri-template", "uuid", "regex"),
    *("json-pointer", "relative-json-pointer"),
)


def takes(keyword: str, value: JsonValue) -> bool:
    """Tell whether a keyword may have a value, as far as this can be seen from its form."""
    if keyword in SCHEMAS:
        return isinstance(value, dict | bool)
    if keyword in LISTS_OF_SCHEMAS:
        return isinstance(value, list)
    return keyword not in MAPS_OF_SCHEMAS or isinstance(value, dict)


def walk_schemas(schema: JsonValue, path: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """Come to a schema and to all schemas inside it. What has a wrong form is left out."""
    if not isinstance(schema, dict):
        return
    yield schema, path
    values: dict[str, JsonValue] = schema
    for keyword, value in values.items():
        here = (*path, keyword)
        if keyword in SCHEMAS:
            yield from walk_schemas(value, here)
        elif keyword in LISTS_OF_SCHEMAS and isinstance(value, list):
            for index, inner in enumerate(value):
                yield from walk_schemas(inner, (*here, index))
        elif keyword in MAPS_OF_SCHEMAS and isinstance(value, dict):
            for name, inner in value.items():
                yield from walk_schemas(inner, (*here, name))


def list_filled(schema: JsonValue, path: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """List the schemas inside a valid one whose `default` is filled in, those inside others first."""
    if not isinstance(schema, dict):
        return
    properties: JsonValue = schema.get("properties", {})
    for name, inner in properties.items() if isinstance(properties, dict) else ():
        here = (*path, "properties", name)
        yield from list_filled(inner, here)
        if isinstance(inner, dict):
            yield inner, here
    yield from list_filled(schema.get("items"), (*path, "items"))


def list_in_place(schema: Mapping[str, Any]) -> Iterator[Any]:
    """List the schemas inside a schema that say something about the same value. Nothing has a wrong form."""
    for keyword in _IN_PLACE:
        yield from schema.get(keyword, ())
    for keyword in _CONDITIONAL:
        if keyword in schema:
            yield schema[keyword]
    yield from schema.get("dependentSchemas", {}).values()


def list_references(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """List what else says something about the same value: the references of a schema, by their keywords."""
    for keyword in REFERENCES:
        if isinstance(reference := schema.get(keyword), str):
            yield keyword, reference
