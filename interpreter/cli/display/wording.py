"""How the displays write lengths of time, names and long lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

LONGEST_LIST = 10
"""How many entries of a list are shown; of the others only the number is."""

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def format_span(span: timedelta) -> str:
    """Write a length of time in whole seconds, with its two largest units: `12 s`, `2 min 5 s`, `1 d 4 h`."""
    left = max(round(span.total_seconds()), 0)
    parts: list[str] = []
    for size, unit in _UNITS:
        amount, left = divmod(left, size)
        if amount or parts:
            parts.append(f"{amount} {unit}" if amount else "")
    return " ".join(filter(None, parts[:2])) or "0 s"


def count(number: int, noun: str) -> str:
    """Write how many there are: `1 run`, `3 runs`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def say_past(number: int, what: str) -> str:
    """Write what has happened to so many: `1 was refused`, `3 were refused`."""
    return f"{number} {'was' if number == 1 else 'were'} {what}"


def get_name(entry: Mapping[str, Any]) -> str:
    """Return what people call the step of an entry of a report: its path, with the keys of items."""
    name: str = entry.get("key_path", entry["step"])
    return name


def join_names(names: Sequence[str], count: int | None = None) -> str:
    """Write names, at most `LONGEST_LIST` of them: `car, hotel and 17 more`.

    Args:
        names: The names, or the first ones of them.
        count: How many there are in all, if not all are given.
    """
    shown = names[:LONGEST_LIST]
    more = (len(names) if count is None else count) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
