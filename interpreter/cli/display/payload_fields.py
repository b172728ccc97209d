"""The fields of a payload are named as the command line takes them: `by=TEXT stay.nights=NUMBER [note=TEXT]`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]
"""A JSON Schema; in one, `true` stands for a schema that accepts everything."""

PAYLOAD = "PAYLOAD"
_KINDS = {"string": "TEXT", "integer": "NUMBER", "number": "NUMBER", "boolean": "true|false"}


def format_fields(schema: Schema) -> str:
    """Format the payload that a JSON Schema describes; what may be left out stands in brackets.

    Where the schema names no fields, the word PAYLOAD stands for all of it.
    """
    return " ".join(_format_object(schema, "", needed=True)) or PAYLOAD


def _format_object(schema: Schema, prefix: str, *, needed: bool) -> Iterator[str]:
    properties: dict[str, Schema | bool] = schema.get("properties", {})
    for name, inner in properties.items():
        path = f"{prefix}{name}"
        is_needed = needed and name in schema.get("required", ())
        described: Schema = {} if isinstance(inner, bool) else inner
        if described.get("properties"):
            yield from _format_object(described, f"{path}.", needed=is_needed)
        else:
            field = f"{path}={_format_kind(described)}"
            yield field if is_needed else f"[{field}]"


def _format_kind(schema: Schema) -> str:
    """What may stand after the equals sign; what is neither text, number nor boolean is JSON."""
    choices: list[Any] = [schema["const"]] if "const" in schema else schema.get("enum", [])
    if choices:
        return "|".join(each if isinstance(each, str) else json.dumps(each) for each in choices)
    kind = schema.get("type")
    return _KINDS.get(kind, "JSON") if isinstance(kind, str) else "JSON"
