"""YAML is read into plain JSON data, and expressions work on it."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite, isnan
from typing import Any, TypeAlias

JsonValue: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None
"""Data is shared between inputs and results, so it must never be changed in place."""


def find_not_finite(value: JsonValue) -> tuple[tuple[str | int, ...], str] | None:
    """Find a number that JSON does not have. Python's own reader and writer of JSON take such numbers.

    Returns:
        Where it stands, and `NaN`, `Infinity` or `-Infinity`; None if there is none.
    """
    if isinstance(value, float):
        return None if isfinite(value) else ((), _spell(value))
    left: list[tuple[tuple[str | int, ...], JsonValue]] = [((), value)]
    while left:
        path, each = left.pop()
        for key, item in _list_items(each):
            if isinstance(item, float):
                if not isfinite(item):
                    return (*path, key), _spell(item)
            elif isinstance(item, dict | list):
                left.append(((*path, key), item))
    return None


def _list_items(value: JsonValue) -> Iterable[tuple[str | int, JsonValue]]:
    match value:
        case dict():
            return value.items()
        case list():
            return enumerate(value)
        case _:
            return ()


def _spell(number: float) -> str:
    return "NaN" if isnan(number) else "Infinity" if number > 0 else "-Infinity"
