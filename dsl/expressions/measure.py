"""A result has a size: its values and its text. Shared parts count each time they occur."""

from __future__ import annotations

from dsl.expressions.errors import ExprError
from dsl.expressions.meter import ITEMS_PER_FUEL, Meter
from dsl.scalars.json_value import JsonValue


def measure(meter: Meter, value: JsonValue) -> None:
    """Count a result. Raises `expression-too-large` when it has too many cells or characters.

    "Billion laughs" end here.
    """
    limits = meter.limits
    cells = characters = 0
    waiting: list[JsonValue] = [value]
    while waiting:
        item = waiting.pop()
        cells += 1
        if type(item) is str:
            characters += len(item)
        elif type(item) is list:
            _check_room(cells + len(waiting) + len(item), limits.cells, "values")
            waiting.extend(item)
        elif type(item) is dict:
            _check_room(cells + len(waiting) + len(item), limits.cells, "values")
            characters += sum(map(len, item))
            waiting.extend(item.values())
    _check_room(characters, limits.characters, "characters")
    meter.charge(cells // ITEMS_PER_FUEL)


def _check_room(count: int, most: int, what: str) -> None:
    if count > most:
        raise ExprError("expression-too-large", f"the result has more than {most:,} {what}")
