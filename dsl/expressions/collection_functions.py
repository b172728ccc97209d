"""These functions work on lists and objects. They take the keys of an object in the order of their code points."""

from __future__ import annotations

from typing import Any

from dsl.expressions.errors import ExprError
from dsl.expressions.json_text import format_number, format_scalar
from dsl.expressions.kinds import shorten
from dsl.expressions.meter import Meter
from dsl.scalars.json_value import JsonValue


def sort_keys(meter: Meter, value: dict[str, Any]) -> list[str]:
    """Sort the keys: that is the one order that does not depend on how the object came about."""
    meter.charge_items(len(value))
    meter.charge_sort(len(value), sum(map(len, value)))
    return sorted(value)


def require_whole(value: int | float, what: str) -> int:
    """Turn an integral number into an integer: `3.0` is 3. Raises `type-mismatch`."""
    if type(value) is float:
        if not value.is_integer():
            raise ExprError("type-mismatch", f"{what} must be a whole number")
        return int(value)
    return int(value)


def size(meter: Meter, value: str | list[Any] | dict[str, Any]) -> JsonValue:
    """Count the code points of a text, the items of a list, or the keys of an object."""
    return len(value)


def slice_value(meter: Meter, value: Any, start: int | float, end: int | float | None = None) -> JsonValue:
    """Cut out what lies from `start` up to, not including, `end`. Negative bounds count from the end."""
    first = require_whole(start, "the start of slice()")
    last = None if end is None else require_whole(end, "the end of slice()")
    length = len(range(len(value))[first:last])
    if type(value) is str:
        meter.charge_text(length)
    else:
        meter.charge_items(length)
    result: JsonValue = value[first:last]
    return result


def keys(meter: Meter, value: dict[str, Any]) -> JsonValue:
    """List the keys of an object."""
    return sort_keys(meter, value)


def values(meter: Meter, value: dict[str, Any]) -> JsonValue:
    """List the values of an object, in the order of its keys."""
    return [value[key] for key in sort_keys(meter, value)]


def entries(meter: Meter, value: dict[str, Any]) -> JsonValue:
    """List the fields of an object as `{key, value}`."""
    names = sort_keys(meter, value)
    meter.charge(2 * len(names))
    return [{"key": name, "value": value[name]} for name in names]


def from_entries(meter: Meter, items: list[JsonValue]) -> JsonValue:
    """Do the reverse of `entries`. Raises `type-mismatch`, and `unusable-value` for a key that comes twice."""
    meter.charge_items(len(items))
    meter.charge(len(items))
    result: dict[str, Any] = {}
    for item in items:
        if type(item) is not dict or type(item.get("key")) is not str or "value" not in item:
            raise ExprError("type-mismatch", "fromEntries() needs a list of {'key': text, 'value': any}")
        meter.charge_scan(len(item["key"]))
        put(result, item["key"], item["value"], "fromEntries()")
    return result


def put(result: dict[str, Any], key: str, value: Any, place: str) -> None:
    """Add a key that must be new. Raises `unusable-value`."""
    if key in result:
        raise ExprError("unusable-value", f'{place} met the key "{shorten(key)}" twice')
    result[key] = value


def merge(meter: Meter, *objects: dict[str, Any]) -> JsonValue:
    """Merge objects, not what is inside them. Of equal keys the last one wins."""
    result: dict[str, Any] = {}
    for part in objects:
        meter.charge_items(len(part))
        meter.charge_scan(sum(map(len, part)))
        meter.charge(len(part))
        result |= part
    meter.charge_items(len(result))
    return result


def count_up(meter: Meter, start: int | float, end: int | float | None = None) -> JsonValue:
    """Count: `range(n)` is 0 up to n-1, `range(a, b)` is a up to b-1. It is empty when nothing lies between."""
    first, last = (0, start) if end is None else (start, end)
    numbers = range(require_whole(first, "the start of range()"), require_whole(last, "the end of range()"))
    if numbers and not (numbers.start >= -(2**63) and numbers.stop <= 2**63):
        raise ExprError("number-too-large", "range() goes beyond 64-bit integers")
    count = max(numbers.stop - numbers.start, 0)
    meter.charge_items(count)
    return list(numbers)


def flatten(meter: Meter, items: list[JsonValue]) -> JsonValue:
    """Put the items of inner lists in the place of these lists, one level deep."""
    meter.charge(len(items))
    meter.charge_items(sum(len(item) if type(item) is list else 1 for item in items))
    result: list[Any] = []
    for item in items:
        if type(item) is list:
            result += item
        else:
            result.append(item)
    return result


def distinct(meter: Meter, items: list[Any]) -> JsonValue:
    """Drop repetitions, and keep the first of each. What `==` calls the same is a repetition."""
    meter.charge_items(len(items))
    meter.charge(3 * len(items))
    kept: dict[str, Any] = {}
    for item in items:
        kept.setdefault(_identify(meter, item), item)
    return list(kept.values())


def reverse(meter: Meter, items: list[Any]) -> JsonValue:
    """Reverse a list."""
    meter.charge_items(len(items))
    return items[::-1]


def first(meter: Meter, items: list[Any]) -> JsonValue:
    """Get the first item. Raises `index-out-of-range` for an empty list.

    It is an access like `[0]`, so `??` catches that.
    """
    if not items:
        raise ExprError("index-out-of-range", "the list is empty")
    item: JsonValue = items[0]
    return item


def _identify(meter: Meter, value: Any) -> str:
    """Build a text that two values share exactly when `==` holds between them.

    It is a text because the hashes of numbers and tuples are known: data could be made to collide, and take
    quadratic time.
    """
    pieces: list[str] = []
    waiting: list[JsonValue] = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is list:
            meter.charge(3 + 3 * len(item))
            pieces.append(f"[{len(item)}")
            waiting.extend(item)
        elif type(item) is dict:
            meter.charge(4 + 3 * len(item))
            names = sort_keys(meter, item)
            pieces.append(f"{{{len(item)}")
            pieces.extend(f"'{len(name)}:{name}" for name in names)
            waiting.extend(item[name] for name in names)
        else:
            meter.charge_scan(len(item) if type(item) is str else 0)
            pieces.append(_identify_scalar(item))
    return ",".join(pieces)


def _identify_scalar(value: Any) -> str:
    if type(value) is str:
        return f"'{len(value)}:{value}"
    if type(value) is float and value.is_integer() and format_number(value):
        return str(int(value))
    return format_scalar(value)
