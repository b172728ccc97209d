"""Stand-ins take the place of what is wrong, so that one mistake does not hide the next.

The rules need a whole definition. So once the mistakes of form are noted, each of them is replaced by something
harmless, and the rest is looked at. The mended definition is never run.
"""

from __future__ import annotations

from copy import deepcopy
from enum import Enum
from typing import Any

from dsl.scalars.json_value import JsonValue
from dsl.source.map import Path


class Mend(Enum):
    """This is how a mistake of form is taken out of the way."""

    DROP = "drop"
    """Leave the key out."""
    FILL = "fill"
    """A key is missing: put a harmless value in its place."""
    RENAME = "rename"
    """A name is bad: put what stands under it under another one, for it may be good."""
    DURATION = "duration"
    """Put any duration there: the rules ask only whether there is one."""
    ACTION = "action"
    """A step has no action: let it do nothing and keep its id, to which others may refer."""


_BRANCHES = (("parallel",), ("race",))

FILLERS: dict[str, Any] = {
    "dsl": "1",
    "name": "unnamed",
    "activity": "unnamed",
    "type": "Unnamed",
    "url": "https://example.com",
    "wait": "1s",
    "set": {},
    "raise": {"type": "Unnamed"},
    "return": None,
    "wait_duration_in_open_state": "60s",
}
"""Harmless values of the keys that a map must have."""

_NAMED = ("retry_policies", "circuit_breakers", "dead_letter_queues", "signals", "updates")
"""The keys under which names are given. What stands under a name may be nothing, and the name is still given."""

_ANY_STEP: dict[str, Any] = {"activity": "unnamed", "timeouts": {"start_to_close": "1s"}}

STAND_INS: dict[str, Any] = {
    "timeouts": {"start_to_close": "1s"},
    "defaults": {"timeouts": {"start_to_close": "1s"}},
}
"""Harmless values of keys without which something would be missing elsewhere."""


def mend(data: Any, path: Path, how: Mend) -> None:
    """Change `data` in place at `path`. Where an earlier mend took that place away, nothing is done."""
    owner: JsonValue = find_value(data, path[:-1])
    match how, owner, path[-1]:
        case Mend.DROP, dict(), str(key) if (
            path[:-1] == ("definitions",) and owner.get(key) != _make_empty_definition()
        ):
            owner[key] = _make_empty_definition()
        case Mend.RENAME, dict(), str(key) if path[-2:-1] in _BRANCHES:
            owner[f"unnamed_{len(owner)}"] = owner.pop(key)
        case Mend.DROP, dict(), str(key) if path[-2:-1] in _BRANCHES:
            owner[key] = [_make_empty_step(None)]
        case Mend.DROP, dict(), str(key) if path[-2:-1] == (
            "repeat",
        ):  # the key may have been what ends the loop
            owner.pop(key, None)
            owner.setdefault("maximum_iterations", 1)
        case Mend.DROP, dict(), str(key) if len(path) > 1 and path[-2] in _NAMED and owner.get(key) != {}:
            owner[key] = {}
        case Mend.DROP, dict(), str(key) if key in STAND_INS and owner.get(key) != STAND_INS[key]:
            owner[key] = deepcopy(STAND_INS[key])
        case Mend.DROP, dict(), "signal" | "any" | "all" if path[-2:-1] == ("wait_for",):
            mend(data, path[:-2], Mend.ACTION)
        case Mend.DROP | Mend.RENAME, dict(), str(key):
            owner.pop(key, None)
        case Mend.FILL, dict(), "name" if path[-2:-1] == ("circuit_breaker",):
            mend(data, path[:-1], Mend.DROP)
        case Mend.FILL, dict(), str(key) if key in FILLERS:
            owner[key] = FILLERS[key]
        case Mend.FILL, dict(), str() if path[:-1]:
            mend(data, path[:-1], Mend.DROP)
        case Mend.DURATION, dict(), str(key):
            owner[key] = "1s"
        case Mend.ACTION | Mend.DROP, list(), int(index) if index < len(owner):
            _mend_item(data, owner, path, index)
        case Mend.ACTION, dict(), str(key):  # a compensation
            owner.pop(key, None)
        case _:
            return


def _make_empty_definition() -> dict[str, Any]:
    """Make a definition of the bundle that does nothing. It keeps its name, by which steps may run it as a child."""
    return {"steps": [{"wait": "1s"}]}


def find_value(data: Any, path: Path) -> Any:
    """Find what stands at a path; None where an earlier mend took it away."""
    for element in path:
        if _is_missing(element, data):
            return None
        data = data[element]
    return data


def _is_missing(key: str | int, owner: JsonValue) -> bool:
    return isinstance(owner, dict) and key not in owner


def _mend_item(data: Any, items: list[Any], path: Path, index: int) -> None:
    """Mend an item of a list. It can't be left out: the others would not be in their places any more."""
    if path[-2] in ("steps", "finally", "default") or path[-3:-2] in _BRANCHES:
        items[index] = _make_empty_step(items[index])
    elif path[-2] == "catch":
        items[index] = {}
    else:
        mend(data, path[:-1], Mend.DROP)


def _make_empty_step(broken: Any) -> dict[str, Any]:
    """Make a step of whose result nothing is known. It keeps the id of the broken one, to which others may refer."""
    named = isinstance(broken, dict) and "id" in broken
    return {**deepcopy(_ANY_STEP), **({"id": broken["id"]} if named else {})}
