"""Values are of JSON's kinds, under the names that JSON Schema gives them."""

from __future__ import annotations

from types import NoneType

Kinds = tuple[str, ...]
"""The kinds that are accepted, or possible."""

NULL: Kinds = ("null",)
BOOLEAN: Kinds = ("boolean",)
INTEGER: Kinds = ("integer",)
NUMBER: Kinds = ("integer", "number")
TEXT: Kinds = ("string",)
LIST: Kinds = ("array",)
OBJECT: Kinds = ("object",)
SCALAR: Kinds = ("boolean", "integer", "number", "string")
SOMETHING: Kinds = (*SCALAR, "array", "object")
ANY: Kinds = ("null", *SOMETHING)

_KINDS: dict[type, str] = {
    NoneType: "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}

_SPOKEN = {
    "null": "null",
    "boolean": "true or false",
    "integer": "a number",
    "number": "a number",
    "string": "text",
    "array": "a list",
    "object": "an object",
}


def get_kind(value: object) -> str:
    """Get JSON Schema's name for the type of `value`; `unknown` for what is not JSON."""
    return _KINDS.get(type(value), "unknown")


NUMERIC = frozenset((int, float))
"""The types of numbers, for the places where a call of `is_number` would be felt."""


def is_number(value: object) -> bool:
    """Tell whether `value` is a number. A boolean is not."""
    return type(value) in NUMERIC


def overlap(some: Kinds, others: Kinds) -> bool:
    """Tell whether a value can be of both."""
    return any(kind in others for kind in some)


def describe_kinds(kinds: Kinds) -> str:
    """Describe the kinds in the words of messages: `text, a list or an object`."""
    words = list(dict.fromkeys(_SPOKEN.get(kind, f"a value that is not JSON ({kind})") for kind in kinds))
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def describe_kind(value: object) -> str:
    """Describe what `value` is, in the words of messages: `a list`."""
    return describe_kinds((get_kind(value),))


def shorten(text: str) -> str:
    """Cut a text that goes into a message to forty code points."""
    return text if len(text) <= 40 else text[:40] + "..."
