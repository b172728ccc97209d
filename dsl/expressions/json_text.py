"""Values are written as text: compact JSON with sorted keys, and numbers in their shortest form."""

from __future__ import annotations

from json.encoder import encode_basestring
from math import isfinite
from typing import Any

from dsl.expressions.errors import ExprError
from dsl.expressions.kinds import describe_kind
from dsl.expressions.meter import Meter
from dsl.scalars.json_value import JsonValue

_EXACT = 2**53
_MOST_BITS = 1024
_WORDS = {None: "null", True: "true", False: "false"}


def format_number(number: int | float) -> str:
    """Write the shortest JSON of a number. An integral float below 2^53 has no fraction: `225`.

    Raises `number-too-large` for what JSON cannot hold: NaN, the infinities, and integers beyond every float.
    """
    if not (isfinite(number) if type(number) is float else int(number).bit_length() <= _MOST_BITS):
        raise ExprError("number-too-large", "the number is outside what JSON can hold")
    if type(number) is float and number.is_integer() and abs(number) < _EXACT:
        return str(int(number))
    return repr(number)


def format_scalar(value: JsonValue) -> str:
    """Write the JSON of null, a boolean, a number or a text."""
    if type(value) is str:
        return encode_basestring(value)
    if type(value) is int or type(value) is float:
        return format_number(value)
    if value is None or type(value) is bool:
        return _WORDS[value]
    raise ExprError("type-mismatch", f"{describe_kind(value)} cannot be written as JSON")


def format_json(meter: Meter, value: JsonValue) -> str:
    """Write compact JSON: no spaces, keys in the order of their code points, letters beyond ASCII as they are.

    Raises `expression-too-large`, `expression-too-costly`, `number-too-large`.
    """
    if type(value) is not list and type(value) is not dict:
        meter.charge(4)
        meter.charge_scan(2 * len(value) if type(value) is str else 0)
        text = format_scalar(value)
        meter.charge_text(len(text))
        return text
    written: list[str] = []
    length = 0
    for piece in _encode_pieces(meter, value):
        written.append(piece)
        length += len(piece)
        if length > meter.limits.text:
            break
    meter.charge_text(length)
    return "".join(written)


def format_text(meter: Meter, value: JsonValue) -> str:
    """Write a value inside text: texts as they are, everything else as JSON. Raises `null-value` for null."""
    if type(value) is str:
        meter.charge_text(len(value))
        return value
    if value is None:
        raise ExprError(
            "null-value", "null cannot stand inside text", hint="give a default: ${ a ?? 'none' }"
        )
    return format_json(meter, value)


class _Raw(str):
    """This text is JSON already."""

    __slots__ = ()


def _encode_pieces(meter: Meter, value: Any) -> Any:
    waiting: list[JsonValue] = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is list:
            meter.charge(4 + 3 * len(item))
            waiting.append(_CLOSE_LIST)
            waiting.extend(_insert_commas(reversed(item)))
            yield "["
        elif type(item) is dict:
            meter.charge(4 + 6 * len(item))
            meter.charge_sort(len(item), sum(map(len, item)))
            waiting.append(_CLOSE_OBJECT)
            waiting.extend(_list_members(item))
            yield "{"
        elif type(item) is _Raw:
            yield item
        else:
            meter.charge_scan(2 * len(item) if type(item) is str else 0)
            yield format_scalar(item)


_COMMA, _COLON, _CLOSE_LIST, _CLOSE_OBJECT = map(_Raw, (",", ":", "]", "}"))


def _insert_commas(items: Any) -> Any:
    for place, item in enumerate(items):
        if place:
            yield _COMMA
        yield item


def _list_members(item: dict[str, Any]) -> Any:
    for place, key in enumerate(sorted(item, reverse=True)):
        if place:
            yield _COMMA
        yield item[key]
        yield _COLON
        yield key
