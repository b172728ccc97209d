"""The form of a map is chosen by the action key that the map has."""

from collections.abc import Iterable
from typing import Any

from dsl.scalars.json_value import JsonValue

TAG = "kind:"
"""The prefix of the tags by which the model chooses between forms. Tags are no keys of the data."""
BODY = "steps"
"""Alone, this key makes a block. Beside the key of a loop it is what the loop repeats."""
LOOPS = frozenset({"for_each", "repeat"})


def find_actions(data: Iterable[Any], kinds: Iterable[str]) -> list[str]:
    """Find the actions that a map asks for, in the order of `kinds`."""
    found = [kind for kind in kinds if kind in data]
    return [kind for kind in found if kind != BODY] if LOOPS & set(found) else found


def find_only_action(data: JsonValue, kinds: Iterable[str]) -> str | None:
    """Find pydantic's tag for a map with exactly one action; None for any other map."""
    found = find_actions(data, kinds) if isinstance(data, dict) else []
    return f"{TAG}{found[0]}" if len(found) == 1 else None
