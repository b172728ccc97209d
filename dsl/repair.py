"""Stand-ins for what is wrong, so that one mistake does not hide the next.

The rules need a whole definition. After the mistakes of form are noted, each is replaced by something harmless
and the rest is looked at; the mended definition is never run.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from dsl.source import Path


class Mend(Enum):
    """How a mistake of form is taken out of the way."""

    DROP = "drop"
    """Leave the key out."""
    FILL = "fill"
    """A key is missing: put a harmless value there."""
    DURATION = "duration"
    """Any duration will do: the rules ask whether there is one."""
    ACTION = "action"
    """A step without an action does nothing, but keeps its id: others may refer to it."""


FILLERS: dict[str, Any] = {
    "dsl": "1",
    "name": "unnamed",
    "activity": "unnamed",
    "type": "Unnamed",
    "wait": "1s",
    "set": {},
    "raise": {"type": "Unnamed"},
    "return": None,
}


def mend(data: Any, path: Path, how: Mend) -> None:
    """Change `data` in place at `path`; where an earlier mend took the place away, do nothing."""
    for element in path[:-1]:
        if isinstance(data, dict) and element not in data:
            return
        data = data[element]
    match how, data, path[-1]:
        case Mend.DROP, dict(), str(key):
            data.pop(key, None)
        case Mend.FILL, dict(), str(key) if key in FILLERS:
            data[key] = FILLERS[key]
        case Mend.DURATION, dict(), str(key):
            data[key] = "1s"
        case Mend.ACTION | Mend.DROP, list(), int(index) if index < len(data):
            step = data[index]
            data[index] = {
                "wait": "1s",
                **({"id": step["id"]} if isinstance(step, dict) and "id" in step else {}),
            }
        case Mend.ACTION, dict(), str(key):  # a compensation
            data.pop(key, None)
        case _:
            return
