"""The fields of a payload, as a hint names them."""

from __future__ import annotations

from typing import Any

import pytest

from interpreter.cli.display.payload_fields import format_fields

OBJECT = {
    "type": "object",
    "required": ["by", "stay"],
    "properties": {
        "by": {"type": "string"},
        "answer": {"enum": ["yes", "no", 1, None]},
        "stay": {
            "required": ["nights"],
            "properties": {"nights": {"type": "integer"}, "quiet": {"type": "boolean"}},
        },
        "guests": {"type": "array"},
        "limit": {"type": ["number", "null"]},
        "anything": True,
        "version": {"const": "1"},
    },
}


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (
            OBJECT,
            "by=TEXT [answer=yes|no|1|null] stay.nights=NUMBER [stay.quiet=true|false] [guests=JSON] [limit=JSON] "
            "[anything=JSON] [version=1]",
        ),
        ({"type": "object"}, "PAYLOAD"),
        ({"type": "integer"}, "PAYLOAD"),
        ({}, "PAYLOAD"),
        (
            {"properties": {"a": {"required": ["b"], "properties": {"b": {"type": "number"}}}}},
            "[a.b=NUMBER]",
        ),
    ],
)
def test_fields(schema: dict[str, Any], text: str) -> None:
    assert format_fields(schema) == text
