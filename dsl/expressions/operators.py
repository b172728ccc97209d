"""Operators compute a value. Each takes a meter and two values that are already evaluated."""

from __future__ import annotations

from collections.abc import Callable
from math import fmod
from operator import add, ge, gt, le, lt, mul, sub
from typing import Any

from dsl.expressions.equality import differ, equal, is_member
from dsl.expressions.errors import ExprError
from dsl.expressions.kinds import NUMERIC, describe_kind, is_number
from dsl.expressions.meter import Meter
from dsl.scalars.json_value import JsonValue

Operation = Callable[[Meter, Any, Any], JsonValue]

LEAST_INTEGER = -(2**63)
MOST_INTEGER = 2**63 - 1


def check_range(value: int | float) -> int | float:
    """Return `value` if it is a 64-bit integer or a finite float. Raises `number-too-large`."""
    if type(value) is int:
        if LEAST_INTEGER <= value <= MOST_INTEGER:
            return value
        raise ExprError("number-too-large", "the result does not fit into a 64-bit integer")
    if value - value == 0:
        return value
    raise ExprError("number-too-large", "the result is too large for a number")


def _build_arithmetic(symbol: str, compute: Callable[[Any, Any], int | float]) -> Operation:
    def operate(meter: Meter, left: Any, right: Any) -> JsonValue:
        if type(left) not in NUMERIC or type(right) not in NUMERIC:
            raise _build_operand_error(symbol, "two numbers", left, right)
        try:
            return check_range(compute(left, right))
        except (OverflowError, ValueError):  # an integer beyond every float; an infinity in `%`
            raise ExprError("number-too-large", "the number is too large for arithmetic") from None

    return operate


def _plus(meter: Meter, left: JsonValue, right: JsonValue) -> JsonValue:
    if type(left) in NUMERIC and type(right) in NUMERIC:
        return _add(meter, left, right)
    if type(left) is str and type(right) is str:
        meter.charge_text(len(left) + len(right))
        return left + right
    if type(left) is list and type(right) is list:
        meter.charge_items(len(left) + len(right))
        return left + right
    raise _build_operand_error("+", "two numbers, two texts or two lists", left, right)


_add = _build_arithmetic("+", add)


def _quotient(left: int | float, right: int | float) -> int | float:
    if right == 0:
        raise ExprError("division-by-zero", "division by zero")
    if type(left) is int and type(right) is int and left % right == 0:
        return left // right
    return left / right


def _remainder(left: int | float, right: int | float) -> int | float:
    if right == 0:
        raise ExprError("division-by-zero", "division by zero")
    if type(left) is int and type(right) is int:
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    return fmod(left, right)


def _build_ordering(symbol: str, compare: Callable[[Any, Any], bool]) -> Operation:
    def operate(meter: Meter, left: Any, right: Any) -> JsonValue:
        if type(left) not in NUMERIC or type(right) not in NUMERIC:
            if type(left) is not str or type(right) is not str:
                raise _build_operand_error(symbol, "two numbers or two texts", left, right)
            meter.charge_scan(min(len(left), len(right)))
        return compare(left, right)

    return operate


def negate(meter: Meter, value: Any) -> JsonValue:
    """Compute `-value`. Raises `type-mismatch`, `number-too-large`."""
    if not is_number(value):
        raise ExprError("type-mismatch", f"'-' needs a number, got {describe_kind(value)}")
    return check_range(-value)


def _build_operand_error(symbol: str, needed: str, left: object, right: object) -> ExprError:
    hint = None
    if str in (type(left), type(right)):
        hint = "string(x) makes text, int(x) and double(x) make numbers"
    return ExprError(
        "type-mismatch",
        f'"{symbol}" needs {needed}, got {describe_kind(left)} and {describe_kind(right)}',
        hint=hint,
    )


OPERATIONS: dict[str, Operation] = {
    "+": _plus,
    "-": _build_arithmetic("-", sub),
    "*": _build_arithmetic("*", mul),
    "/": _build_arithmetic("/", _quotient),
    "%": _build_arithmetic("%", _remainder),
    "==": equal,
    "!=": differ,
    "<": _build_ordering("<", lt),
    "<=": _build_ordering("<=", le),
    ">": _build_ordering(">", gt),
    ">=": _build_ordering(">=", ge),
    "in": is_member,
}
