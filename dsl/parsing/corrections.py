"""A misspelt key or choice is read as the one that was meant.

If it were left out, all that it says would be missing: a step without its `timouts` has no timeout, nobody uses the
policy that it names, and what stands inside is not looked at. None of that is a mistake of its own. So the word is
put right before anything else is said about the map that it stands in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from dsl.model import COMPENSATION_KINDS, STEP_KINDS
from dsl.parsing.repair import find_value
from dsl.parsing.shape import find_path, find_shape
from dsl.problems.suggest import find_nearest
from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path

_PAGES = "pages"
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction says where a word is misspelt, and what was meant."""

    path: Path
    """The place of the misspelt key, or of the misspelt value."""
    key: Path | None
    """What stands in the place of the key. It has two parts if the key belongs into a map beside it:
    `timeouts.heartbeat`. None if the value is misspelt."""
    value: Any = None
    """What stands in the place of the value."""

    @property
    def target(self) -> Path:
        """Get the place of the value after the correction."""
        return self.path if self.key is None else (*self.path[:-1], *self.key)


def find_correction(details: ErrorDetails, data: Any) -> Correction | None:
    """Find the word that is misspelt; None if a mistake is another one, or if nothing comes close to the word."""
    path = find_path(details)
    value: JsonValue = details["input"]
    match details["type"]:
        case "extra_forbidden":
            shape = find_shape(details["loc"][:-1])
            return _correct_key(path, find_nearest(str(path[-1]), shape.words), find_value(data, path[:-1]))
        case "union_tag_not_found" if isinstance(value, dict):
            return _correct_action(path, value, tuple(find_shape(details["loc"]).keys))
        case "items" if isinstance(value, dict) and len(value) == 1:
            (name,) = value
            return _correct_key((*path, name), find_nearest(name, [_PAGES]), value)
        case "literal_error" if isinstance(value, str):
            choices = list_choices(str(details.get("ctx", {})["expected"]))
            meant = find_nearest(value, choices)
            return None if meant is None else Correction(path, None, meant)
        case "bool_type" if isinstance(value, str):
            meant = find_nearest(value, _TRUTH)
            return None if meant is None or value in _TRUTH else Correction(path, None, _TRUTH[meant])
        case _:
            return None


def _correct_action(path: Path, value: dict[str, Any], keys: tuple[str, ...]) -> Correction | None:
    found = find_misspelt_action(path, value, keys)
    return None if found is None else _correct_key((*path, found[0]), found[1], value)


def find_misspelt_action(path: Path, value: dict[str, Any], keys: tuple[str, ...]) -> tuple[str, str] | None:
    """Find the key of a step that comes close to an action, and that action.

    The step at `path` has no action. `keys` are those that every step has.
    """
    kinds = list_kinds(path)
    if any(key in kinds for key in value):
        return None
    meant = ((key, find_nearest(key, kinds)) for key in value if key not in keys)
    return next(((key, action) for key, action in meant if action), None)


def list_kinds(path: Path) -> tuple[str, ...]:
    """List the actions that may stand at a path: those of a step, or of a compensation."""
    return tuple(COMPENSATION_KINDS if path[-1] == "compensate" else STEP_KINDS)


def list_choices(expected: str) -> list[str]:
    """List the choices of a key, of which pydantic makes one text: `'fail', 'wait' or 'retry'`."""
    return [choice.strip("'") for choice in expected.replace(" or ", ", ").split(", ")]


def _correct_key(path: Path, way: str | None, owner: dict[str, Any]) -> Correction | None:
    """Put another key in the place of the last one of `path`, unless that key is there already."""
    if way is None:
        return None
    first, *rest = key = tuple(way.split("."))
    is_free = first not in owner if not rest else _has_place(owner.get(first, {}), rest[0])
    return Correction(path, key) if is_free else None


def _has_place(owner: JsonValue, key: str | int) -> bool:
    return isinstance(owner, dict) and key not in owner


def correct(data: Any, correction: Correction) -> None:
    """Change `data` in place. Where an alias repeats the same map, that was done before."""
    owner, last = find_value(data, correction.path[:-1]), correction.path[-1]
    if correction.key is None:
        owner[last] = correction.value
    elif last in owner:
        first, *rest = correction.key
        if rest:
            value, inner = owner.pop(last), owner.setdefault(first, {})
            if _has_place(inner, rest[0]):  # another correction may have put something there
                inner[rest[0]] = value
        else:
            renamed = {first if key == last else key: value for key, value in owner.items()}
            owner.clear()
            owner.update(renamed)
