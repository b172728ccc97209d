"""Change single values of what is redriven: `input.region`, `item.lines[0].amount`, `vars.limit`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from dsl.expressions import JsonValue
from dsl.problems.suggest import did_you_mean


class PatchProblem(ValueError):
    """A value can't be changed. The message says why, and what could be."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One value, and where it is to stand."""

    label: str
    """The place as an expression names it. It begins with a name that the step reads, such as `input` or `item`."""
    value: Any

    @property
    def path(self) -> tuple[str, ...]:
        """The place in parts: `item`, `lines`, `0`, `amount`."""
        return tuple(re.sub(r"\[(\d+)\]", r".\1", self.label).split("."))

    def covers(self, label: str) -> bool:
        """Whether a place is this one, or inside it."""
        return label == self.label or label.startswith((f"{self.label}.", f"{self.label}["))


def apply_patches(
    names: Mapping[str, Any], patches: Sequence[Patch]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Change values.

    Args:
        names: Name → its value, of all that may be changed.
        patches: The new values.

    Returns:
        The names with the new values, and what has changed, in words without the values.

    Raises:
        PatchProblem: there is no such place.
    """
    changed = deepcopy(dict(names))
    return changed, tuple(_apply(changed, each) for each in patches)


def _apply(names: dict[str, Any], patch: Patch) -> str:
    root = patch.path[0]
    if root not in names:
        hint = did_you_mean(root, names)
        known = hint or (
            f"what can be set begins with {', '.join(sorted(names))}" if names else "it reads nothing"
        )
        raise PatchProblem(f'"{patch.label}" can\'t be set: the step reads no "{root}"; {known}')
    here: JsonValue = names
    for depth, key in enumerate(patch.path[:-1]):
        here = _go_into(here, key, ".".join(patch.path[: depth + 1]), patch)
    *_, last = patch.path
    if isinstance(here, list):
        here[_read_index(here, last, patch)] = patch.value
        return f"{patch.label} was set"
    if not isinstance(here, dict):
        raise PatchProblem(
            f'"{patch.label}" can\'t be set: {".".join(patch.path[:-1])} is no object and no list'
        )
    is_new = last not in here
    here[last] = patch.value
    return f"{patch.label} was added" if is_new else f"{patch.label} was set"


def _go_into(here: JsonValue, key: str, place: str, patch: Patch) -> Any:
    if isinstance(here, list):
        return here[_read_index(here, key, patch)]
    if isinstance(here, dict) and key in here:
        return here[key]
    raise PatchProblem(f'"{patch.label}" can\'t be set: there is no {place}')


def _read_index(values: list[JsonValue], text: str, patch: Patch) -> int:
    if text.isdecimal() and int(text) < len(values):
        return int(text)
    raise PatchProblem(
        f'"{patch.label}" can\'t be set: the list has the places 0 to {len(values) - 1}, found "{text}"'
    )
