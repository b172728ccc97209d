"""Words are what could be names in a value that nobody understands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsl.scalars.json_value import JsonValue

_WORD = re.compile(r"[A-Za-z_][\w-]*")


def find_words(value: JsonValue) -> Iterator[str]:
    """Find the words in keys and texts of a value."""
    if isinstance(value, str):
        yield from _WORD.findall(value)
    elif isinstance(value, list):
        for item in value:
            yield from find_words(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from find_words(item)
