"""From a path back to the step: also inside iterations, whose steps are in no program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interpreter.program.model import Node, Program  # an activity asks for its key without the language

REPETITION_MARK = "#"
"""Stands between a path and a number: in the id of an activity that is not the first one of its step, and in the key
of an effect that was undone and is done again. Part of replay: never change it."""


COMPENSATION_SUFFIX = ".compensate"
"""What the path of a compensation ends with. Part of replay: never change it."""


def compensation_path(step: str) -> str:
    """The path of what undoes a step."""
    return step + COMPENSATION_SUFFIX


def find_defined(program: Program, path: str) -> Node | None:
    """The step as it stands in the definition, whatever the iteration; of an item (`charge_all[3]`) its loop."""
    name = path.rpartition("/")[2]
    return program.nodes.get(name) or program.nodes.get(name.rpartition("[")[0])


def find_node(program: Program, path: str, key_frame: str) -> Node:
    """The step with this path.

    Args:
        program: The definition.
        path: `charge`, or in an iteration `charge_all[3]/charge`.
        key_frame: That of the iteration; "" outside of loops.

    Raises:
        KeyError: the definition has no such step.
    """
    frame, slash, name = path.rpartition("/")
    node = program.nodes[name]
    return node.in_frame(f"{frame}/", key_frame) if slash else node


def join_key(place: str, generation: int) -> str:
    """Build the idempotency key of the effect of a step: its place, and the generation unless it is the first."""
    return place if generation == 1 else f"{place}{REPETITION_MARK}{generation}"


def split_key(key: str) -> tuple[str, int]:
    """Split an idempotency key of a step, with or without what it begins with, into its place and its generation."""
    frame, slash, name = key.rpartition("/")
    first, mark, number = name.rpartition(REPETITION_MARK)
    return (f"{frame}{slash}{first}", int(number)) if mark and number.isdecimal() else (key, 1)


def enclosing_loops(path: str) -> Iterator[str]:
    """The paths of the loops whose iterations a step is in, innermost first: of `a[3]/b[0]/c`, `a[3]/b` and `a`."""
    while "/" in path:
        path = path.rpartition("/")[0].rpartition("[")[0]
        yield path


def step_of_activity(activity_id: str) -> str:
    """The path of the step that an activity belongs to."""
    return activity_id.partition(REPETITION_MARK)[0]


def name_of_activity(activity_id: str) -> str:
    """Return the path that an activity has in all iterations and for all items: of `a[3]/b` it is `b`.

    Pages of items and dead letters of items have activities that belong to no step. Of `a.pages[3]` this is
    `a.pages`, and of `a[3].dead_letter` it is `a.dead_letter`.
    """
    return _NUMBER.sub("", step_of_activity(activity_id).rpartition("/")[2])


_NUMBER = re.compile(r"(?<=\.pages)\[\d+\]$|\[\d+\](?=\.dead_letter$)")


def list_step_names(path: str) -> tuple[str, ...]:
    """List what a definition may call the step at a path; of `a[3]/b` it is `b`.

    `a[3]` may be an item of the loop `a`, or a step without an id.
    """
    name = path.rpartition("]/")[2]
    loop = _ITEM.sub("", name)
    return (name,) if loop == name else (name, loop)


_ITEM = re.compile(r"\[[^\[\]]*\]$")

_LETTER = ".dead_letter"
"""What the id of an activity that writes a dead letter ends with."""


def step_of_letter(activity_id: str) -> str | None:
    """The path of the step whose dead letter an activity writes; None if it writes none."""
    path = step_of_activity(activity_id)
    return path.removesuffix(_LETTER) if path.endswith(_LETTER) else None


_ALERTS = (".on_not_undone", ".on_dead_letter")
"""What the id of an activity that tells somebody of something ends with, see `interpreter.modifiers.alerts`."""


def alert_of_activity(activity_id: str) -> str | None:
    """The key of the definition that names an activity which alerts somebody; None for other activities."""
    path = step_of_activity(activity_id)
    return path if path.endswith(_ALERTS) else None
