"""The fields of a payload are named as the command line takes them: `by=TEXT stay.nights=NUMBER [note=TEXT]`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

PAYLOAD = "PAYLOAD"
_KINDS = {"string": "TEXT", "integer": "NUMBER", "number": "NUMBER", "boolean": "true|false"}


def format_fields(schema: Mapping[str, Any]) -> str:
    """Format the payload that a JSON Schema describes; what may be left out stands in brackets.

    Where the schema names no fields, the word PAYLOAD stands for all of it.
    """
    return " ".join(_format_object(schema, "", needed=True)) or PAYLOAD


def _format_object(schema: Mapping[str, Any], prefix: str, *, needed: bool) -> Iterator[str]:
    properties: Mapping[str, Any] = schema.get("properties", {})
    for name, inner in properties.items():
        path = f"{prefix}{name}"
        is_needed = needed and name in schema.get("required", ())
        if isinstance(inner, Mapping) and inner.get("properties"):
            yield from _format_object(inner, f"{path}.", needed=is_needed)
        else:
            field = f"{path}={_format_kind(inner)}"
            yield field if is_needed else f"[{field}]"


def _format_kind(schema: Any) -> str:
    """What may stand after the equals sign; what is neither text, number nor boolean is JSON."""
    if not isinstance(schema, Mapping):
        return "JSON"
    choices = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if choices is not None:
        return "|".join(each if isinstance(each, str) else json.dumps(each) for each in choices)
    kind = schema.get("type")
    return _KINDS.get(kind, "JSON") if isinstance(kind, str) else "JSON"
