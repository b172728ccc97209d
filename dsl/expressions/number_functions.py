"""These functions work on numbers."""

from __future__ import annotations

from math import ceil as ceiling
from math import floor as floor_of
from math import isfinite, trunc
from typing import Any

from dsl.expressions.errors import ExprError
from dsl.expressions.kinds import describe_kind, is_number
from dsl.expressions.meter import Meter
from dsl.expressions.operators import check_range
from dsl.expressions.text_functions import parse_double, parse_integer
from dsl.scalars.json_value import JsonValue


def integer(meter: Meter, value: int | float | str) -> JsonValue:
    """Make an integer of a number or a text. Raises `unusable-value`, `number-too-large`.

    A float loses its fraction (towards zero).
    """
    return check_range(
        parse_integer(meter, value) if isinstance(value, str) else trunc(_require_finite(value))
    )


def double(meter: Meter, value: int | float | str) -> JsonValue:
    """Make a float of a number or a text. Raises `unusable-value`, `number-too-large`."""
    if isinstance(value, str):
        return check_range(parse_double(meter, value))
    try:
        return check_range(float(value))
    except OverflowError:
        raise ExprError("number-too-large", "the number is too large for a double") from None


def absolute(meter: Meter, value: int | float) -> JsonValue:
    """Compute the absolute value. Raises `number-too-large`."""
    return check_range(abs(value))


def floor(meter: Meter, value: int | float) -> JsonValue:
    """Round down. Raises `number-too-large`."""
    return check_range(floor_of(_require_finite(value)))


def ceil(meter: Meter, value: int | float) -> JsonValue:
    """Round up. Raises `number-too-large`."""
    return check_range(ceiling(_require_finite(value)))


def round_away(meter: Meter, value: int | float) -> JsonValue:
    """Round to the nearest integer, and halves away from zero. Python's `round` would take halves to the even one."""
    whole = trunc(_require_finite(value))
    if abs(value - whole) >= 0.5:
        whole += 1 if value > 0 else -1
    return check_range(whole)


def total(meter: Meter, items: list[Any]) -> JsonValue:
    """Add numbers, from left to right. No items give 0. Python 3.12's `sum()` would give other floats."""
    meter.charge(len(items))
    result: int | float = 0
    for item in items:
        if not is_number(item):
            raise ExprError(
                "type-mismatch", f"sum() needs a list of numbers; one item is {describe_kind(item)}"
            )
        try:
            result = check_range(result + item)
        except OverflowError:
            raise ExprError("number-too-large", "the number is too large for arithmetic") from None
    return result


def least(meter: Meter, *values: Any) -> JsonValue:
    """Find the least of several values, or of the items of a list.

    Raises `type-mismatch`, `unusable-value`, `number-too-large`.
    """
    result: JsonValue = min(_require_comparable(meter, values, "min"))
    return result


def most(meter: Meter, *values: Any) -> JsonValue:
    """Find the greatest of several values, or of the items of a list.

    Raises `type-mismatch`, `unusable-value`, `number-too-large`.
    """
    result: JsonValue = max(_require_comparable(meter, values, "max"))
    return result


def _require_comparable(meter: Meter, values: tuple[Any, ...], function: str) -> list[Any]:
    """Check that values can be compared. They are the items of one list, or the arguments themselves."""
    items: JsonValue = values[0] if len(values) == 1 else list(values)
    if type(items) is not list:
        raise ExprError(
            "type-mismatch", f"{function}() needs a list, or several values", hint=f"{function}(a, b)"
        )
    if not items:
        raise ExprError("unusable-value", f"{function}() needs at least one value; the list is empty")
    check_order(meter, items, f"{function}()")
    return items


def check_order(meter: Meter, items: list[Any], place: str) -> int:
    """Check that `items` are all numbers or all text, pay for reading them, and return the length of the text.

    Raises `type-mismatch`, and `number-too-large` for NaN, which has no place in any order.
    """
    meter.charge(len(items))
    if all(map(is_number, items)):
        if any(item != item for item in items):
            raise ExprError("number-too-large", f"{place} met a number that JSON cannot hold")
        return 0
    if all(type(item) is str for item in items):
        length = sum(map(len, items))
        meter.charge_scan(length)
        return length
    raise ExprError("type-mismatch", f"{place} needs only numbers, or only text")


def _require_finite(value: int | float) -> int | float:
    if type(value) is float and not isfinite(value):
        raise ExprError("number-too-large", "the number is outside what JSON can hold")
    return value
