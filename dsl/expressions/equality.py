"""The operators `==` and `in` follow JSON's idea of sameness: `1 == 1.0`, `true != 1`. Kinds never make `==` fail."""

from __future__ import annotations

from dsl.expressions.errors import ExprError
from dsl.expressions.kinds import describe_kind, is_number
from dsl.expressions.meter import TEXT_PER_FUEL, Meter
from dsl.scalars.json_value import JsonValue


def equal(meter: Meter, one: JsonValue, other: JsonValue) -> bool:
    """Tell whether two values are the same JSON. Integers and floats compare exactly."""
    if type(one) is type(other) and type(one) in (list, dict):
        return _deep_equal(meter, one, other)
    return _scalar_equal(meter, one, other)


def differ(meter: Meter, one: JsonValue, other: JsonValue) -> bool:
    """Compute `!=`."""
    return not equal(meter, one, other)


def is_member(meter: Meter, value: JsonValue, holder: JsonValue) -> bool:
    """Compute `value in holder`: an item of a list or a key of an object. Raises `type-mismatch`."""
    if type(holder) is list:
        if type(value) is str:  # only the same text equals a text, so the search may be Python's own
            meter.charge(1 + len(holder) * (1 + len(value) // TEXT_PER_FUEL))
            return value in holder
        meter.charge(2 * len(holder))
        return any(equal(meter, value, item) for item in holder)
    if type(holder) is not dict:
        hint = "text.contains(part)" if type(holder) is str else None
        raise ExprError(
            "type-mismatch",
            f'"in" looks into a list or an object, not into {describe_kind(holder)}',
            hint=hint,
        )
    if type(value) is not str:
        raise ExprError("type-mismatch", f"the keys of an object are text; got {describe_kind(value)}")
    meter.charge_scan(len(value))
    return value in holder


def _scalar_equal(meter: Meter, one: JsonValue, other: JsonValue) -> bool:
    if type(one) is str and type(other) is str:
        meter.charge_scan(min(len(one), len(other)))
        return one == other
    return (type(one) is type(other) or (is_number(one) and is_number(other))) and one == other


def _deep_equal(meter: Meter, one: JsonValue, other: JsonValue) -> bool:
    """Compare lists or objects, to the end.

    Which difference is met first in an object depends on how the object came about, and fuel must not depend on
    that. The stack is our own, so that depth cannot overflow Python's.
    """
    same = True
    meter.charge(8)
    waiting: list[tuple[JsonValue, JsonValue]] = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if type(left) is list and type(right) is list:
            if len(left) == len(right):
                meter.charge(2 + 2 * len(left))
                waiting.extend(zip(left, right, strict=True))
            else:
                same = False
        elif type(left) is dict and type(right) is dict:
            if len(left) == len(right):
                meter.charge(2 + 3 * len(left))
                meter.charge_scan(sum(map(len, left)))
                if left.keys() == right.keys():
                    waiting.extend((left[key], right[key]) for key in left)
                else:
                    same = False
            else:
                same = False
        else:
            same &= _scalar_equal(meter, left, right)
    return same
