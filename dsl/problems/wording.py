"""Messages name values and choices in the words of YAML and JSON Schema, never in Python's."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

LONGEST_QUOTE = 60
_MOST_LISTED = 100


def quote(value: object) -> str:
    """Write the value as JSON, cut when it is long: a message stays one line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"


def describe(value: Any) -> str:
    """Describe what a value is: `the number 5`, `the text "x"`, `a list`, `nothing`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return quote(value)
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {quote(value)}"
        case list():
            return "a list" if value else "an empty list"
        case _:
            return "a map" if value else "an empty map"


def join_listed(words: Iterable[str]) -> str:
    """Sort the words and join them: the ways out that a message offers. Of very many, the first ones are listed."""
    names = sorted(words)
    more = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")
