"""Values that people change before what has failed is run again: of the input, of variables, of an item."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from dsl.expressions import JsonValue
from dsl.problems.suggest import did_you_mean


class InvalidPatch(ValueError):
    """A value can't be changed. The message says why, and what could be."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One value, and where it is to stand."""

    path: tuple[str, ...]
    """The place in parts: `("item", "lines", "0", "amount")`. It begins with a name that expressions read."""
    value: JsonValue

    @staticmethod
    def at(place: str, value: JsonValue) -> Patch:
        """Make one for a place that is written as in an expression: `item.lines[0].amount`."""
        return Patch(_split(place), value)

    @property
    def name(self) -> str:
        """The place as it is shown: `item.lines.0.amount`."""
        return ".".join(self.path)

    def covers(self, place: str) -> bool:
        """Whether a place, written as in an expression, is this one or inside it."""
        return _split(place)[: len(self.path)] == self.path


def patch_values(
    names: Mapping[str, JsonValue], patches: Sequence[Patch]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Change values.

    Args:
        names: Name → its value, of all that may be changed.
        patches: The new values.

    Returns:
        The names with the new values, and what has changed, in words without the values: they may be secret.

    Raises:
        InvalidPatch: there is no such place.
    """
    changed = deepcopy(dict(names))
    return changed, tuple(_apply(changed, each) for each in patches)


def _apply(names: dict[str, JsonValue], patch: Patch) -> str:
    root, last = patch.path[0], patch.path[-1]
    if root not in names:
        known = f"what can be set begins with {', '.join(sorted(names))}" if names else "it reads nothing"
        raise _refuse(patch, f'the step reads no "{root}"; {did_you_mean(root, names) or known}')
    here: JsonValue = names
    for depth, key in enumerate(patch.path[:-1], 1):
        here = _go_into(here, key, depth, patch)
    if isinstance(here, list):
        here[_read_index(here, last, patch)] = patch.value
        return f"{patch.name} was set"
    if not isinstance(here, dict):
        raise _refuse(patch, f"{_name_start(patch, -1)} is no object and no list")
    is_new = last not in here
    here[last] = patch.value
    return f"{patch.name} was added" if is_new else f"{patch.name} was set"


def _go_into(here: JsonValue, key: str, depth: int, patch: Patch) -> JsonValue:
    inner: JsonValue
    if isinstance(here, list):
        inner = here[_read_index(here, key, patch)]
    elif isinstance(here, dict) and key in here:
        inner = here[key]
    else:
        raise _refuse(patch, f"there is no {_name_start(patch, depth)}")
    return inner


def _read_index(values: list[JsonValue], text: str, patch: Patch) -> int:
    if text.isdecimal() and int(text) < len(values):
        return int(text)
    raise _refuse(patch, f'the list has the places 0 to {len(values) - 1}, found "{text}"')


def _refuse(patch: Patch, why: str) -> InvalidPatch:
    return InvalidPatch(f'"{patch.name}" can\'t be set: {why}')


def _name_start(patch: Patch, parts: int) -> str:
    return ".".join(patch.path[:parts])


def _split(place: str) -> tuple[str, ...]:
    return tuple(re.sub(r"\[(\d+)\]", r".\1", place).split("."))
