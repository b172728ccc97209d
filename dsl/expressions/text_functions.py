"""These functions work on text. Lengths and places count code points."""

from __future__ import annotations

import re
from typing import Any

from dsl.expressions.errors import ExprError
from dsl.expressions.json_text import format_json, format_text
from dsl.expressions.kinds import get_kind, shorten
from dsl.expressions.meter import Meter
from dsl.scalars.json_value import JsonValue

_SPACES = " \t\n\v\f\r"
"""What `trim` takes away. It is ASCII only, because Unicode's idea of space changes between Pythons."""
_LONGEST_NUMBER = 400


def string(meter: Meter, value: JsonValue) -> JsonValue:
    """Write a value as `${ }` inside text would."""
    return format_text(meter, value)


def to_json(meter: Meter, value: JsonValue) -> JsonValue:
    """Write compact JSON with sorted keys."""
    return format_json(meter, value)


def type_name(meter: Meter, value: JsonValue) -> JsonValue:
    """Get JSON Schema's name for the kind."""
    return get_kind(value)


def lower(meter: Meter, text: str) -> JsonValue:
    """Turn A-Z into a-z, and nothing else. `str.lower` would follow the Unicode tables of this Python."""
    meter.charge_scan(4 * len(text))
    meter.charge_text(len(text))
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def upper(meter: Meter, text: str) -> JsonValue:
    """Turn a-z into A-Z, and nothing else."""
    meter.charge_scan(4 * len(text))
    meter.charge_text(len(text))
    return text.encode("utf-8", "surrogatepass").upper().decode("utf-8", "surrogatepass")


def trim(meter: Meter, text: str) -> JsonValue:
    """Take away the ASCII spaces at both ends."""
    meter.charge_text(len(text))
    return text.strip(_SPACES)


def starts_with(meter: Meter, text: str, start: str) -> JsonValue:
    """Tell whether a text starts with another."""
    meter.charge_scan(len(start))
    return text.startswith(start)


def ends_with(meter: Meter, text: str, end: str) -> JsonValue:
    """Tell whether a text ends with another."""
    meter.charge_scan(len(end))
    return text.endswith(end)


def contains(meter: Meter, text: str, part: str) -> JsonValue:
    """Tell whether a text contains another."""
    _search(meter, text, part)
    return part in text


def split(meter: Meter, text: str, separator: str) -> JsonValue:
    """Split a text at a separator. Raises `unusable-value` for an empty one."""
    _search(meter, text, _require_nonempty(separator, "split"))
    meter.charge_items(text.count(separator) + 1)
    meter.charge(text.count(separator))
    return text.split(separator)


def join(meter: Meter, items: list[Any], separator: str) -> JsonValue:
    """Join a list of texts. Raises `type-mismatch` for anything but text."""
    meter.charge(len(items))
    length = len(separator) * max(len(items) - 1, 0)
    for item in items:
        if type(item) is not str:
            raise ExprError(
                "type-mismatch", "join() needs a list of text", hint="items.map(i, string(i)).join(',')"
            )
        length += len(item)
    meter.charge_text(length)
    return separator.join(items)


def replace(meter: Meter, text: str, old: str, new: str) -> JsonValue:
    """Replace every `old`, from left to right. Raises `unusable-value` for an empty `old`."""
    _search(meter, text, _require_nonempty(old, "replace"))
    found = text.count(old)
    meter.charge(found)
    meter.charge_text(len(text) + found * (len(new) - len(old)))
    return text.replace(old, new)


def parse_integer(meter: Meter, text: str) -> int:
    """Read decimal digits with an optional minus. Raises `unusable-value`."""
    meter.charge_scan(8 * len(text))
    if len(text) > _LONGEST_NUMBER or not re.fullmatch("-?[0-9]+", text):
        raise ExprError("unusable-value", f'"{shorten(text)}" is not an integer')
    return int(text)


def parse_double(meter: Meter, text: str) -> float:
    """Read a number as JSON writes it. Raises `unusable-value`."""
    meter.charge_scan(8 * len(text))
    if len(text) > _LONGEST_NUMBER or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", text):
        raise ExprError("unusable-value", f'"{shorten(text)}" is not a number')
    return float(text)


def _search(meter: Meter, text: str, part: str) -> None:
    """Pay for a search. It is linear, but a periodic needle makes it slower than a plain scan."""
    meter.charge_scan(2 * (len(text) + len(part)))


def _require_nonempty(text: str, function: str) -> str:
    if not text:
        raise ExprError("unusable-value", f"{function}() cannot look for an empty text")
    return text
