"""Besides the steps, these names exist at a place of a definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from dsl.definition.sites import Site
from dsl.definition.walk import walk
from dsl.expressions.scope import PLACES, ROOTS, Schema
from dsl.model import (
    LEAVES,
    BlockStep,
    Common,
    Definition,
    ForEachStep,
    ParallelStep,
    RaceStep,
    RepeatStep,
    Step,
    SwitchStep,
    WaitForStep,
)
from dsl.rules.results import infer_payload
from dsl.source.map import Path

Names = Mapping[str, Schema]
"""Names, and what is known of the value of each."""

EVERYWHERE: Names = {"input": True, "vars": True, "steps": True, "run": ROOTS["run"]}
STEP: Names = {"step": ROOTS["step"]}
"""The names that a step's own expressions see."""
ERROR: Names = {"error": ROOTS["error"]}
"""The names that exist where something may have failed."""
RESULT: Names = {"result": True}
"""The names that a compensation sees: the result of the step that it undoes."""

SECRETS: Names = {"secrets": True}
"""The names that exist where a worker fills in values."""

_MATCH: Path = ("wait_for", "match")
_IN_THE_LOOP: tuple[Path, ...] = (("key",), ("repeat", "while"))
"""The keys whose expressions see the names of their loop, and not its steps."""


def find_names_inside(step: Step) -> Names:
    """Find the names that the steps inside a step see, and the steps outside do not."""
    if isinstance(step, LEAVES):
        return {}
    match step:
        case ForEachStep():
            return {step.as_: True, step.index_as: {"type": "integer"}}
        case RepeatStep():
            return {"index": {"type": "integer"}}
        case BlockStep() | ParallelStep() | RaceStep() | SwitchStep():
            return {}
        case _:
            assert_never(step)


def find_names_of_key(definition: Definition, step: Step, key: Path) -> Names:
    """Find the names that the expression at one key of a step sees, and those at its other keys do not."""
    if key in _IN_THE_LOOP:
        return find_names_inside(step)
    if key == _MATCH and isinstance(step, WaitForStep):
        return {"payload": infer_payload(definition, step.wait_for), "signal": {"type": "string"}}
    return {}


def find_places(definition: Definition) -> dict[str, str]:
    """Find where each name exists. The message that it does not exist here says so."""
    places: dict[str, str] = {}
    for placed in walk(definition):
        for clause in placed.step.catch if isinstance(placed.step, Common) else ():
            places[clause.as_] = "inside its catch clause"
        if isinstance(placed.step, ForEachStep):
            places.update(dict.fromkeys((placed.step.as_, placed.step.index_as), "inside its for_each"))
    return {**places, **PLACES}


def get_key(site: Site, owner: Path) -> Path:
    """Get the way from the step (or clause) at `owner` to an expression in it."""
    return site.path[len(owner) :]
