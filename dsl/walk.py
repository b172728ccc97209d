"""Every step of a definition with the path where it stands, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dsl.model import (
    ActivityAction,
    BlockCompensation,
    BlockStep,
    Call,
    ChildAction,
    Common,
    Compensation,
    Definition,
    Step,
    Undoable,
)
from dsl.source import Path

Place = Literal["steps", "finally", "on_failure"]


@dataclass(frozen=True, slots=True)
class Placed:
    """A step or a compensation, and where it stands."""

    step: Step | Compensation
    path: Path
    undoes: Step | None = None
    """The step around the innermost compensation that this is, or is inside of."""
    place: Place = "steps"
    """`finally` and `on_failure` are left for good: what stands there can't be undone any more."""


def walk(definition: Definition) -> Iterator[Placed]:
    """All steps and compensations, blocks before what is inside them."""
    yield from _steps(definition.steps, ("steps",), None, "steps")
    if definition.on_failure:
        yield from _steps(definition.on_failure.steps, ("on_failure", "steps"), None, "on_failure")
    yield from _steps(definition.finally_, ("finally",), None, "finally")


def calls(definition: Definition) -> Iterator[tuple[Call, Path]]:
    """All calls of activities with the path of their step, the built-in ones and compensations included."""
    for placed in walk(definition):
        if isinstance(placed.step, Call):
            yield placed.step, placed.path


def activities(definition: Definition) -> Iterator[tuple[ActivityAction, Path]]:
    """All calls of the user's activities by steps, those of compensations included."""
    yield from ((call, path) for call, path in calls(definition) if isinstance(call, ActivityAction))


def children(definition: Definition) -> Iterator[tuple[ChildAction, Path]]:
    """All calls of child workflows with the path of their step, compensations included."""
    for placed in walk(definition):
        if isinstance(placed.step, ChildAction):
            yield placed.step, placed.path


def action_key(call: Call) -> str:
    """The key that makes it a call."""
    return "activity" if isinstance(call, ActivityAction) else "http"


def _steps(steps: tuple[Step, ...], path: Path, undoes: Step | None, place: Place) -> Iterator[Placed]:
    for index, step in enumerate(steps):
        yield from _step(step, (*path, index), undoes, place)


def _step(step: Step, path: Path, undoes: Step | None, place: Place) -> Iterator[Placed]:
    yield Placed(step, path, undoes, place)
    if isinstance(step, BlockStep):
        yield from _steps(step.steps, (*path, "steps"), undoes, place)
    if isinstance(step, Undoable) and step.compensate is not None:
        inside = (*path, "compensate")
        yield Placed(step.compensate, inside, step, place)
        if isinstance(step.compensate, BlockCompensation):
            yield from _steps(step.compensate.steps, (*inside, "steps"), step, place)
    assert isinstance(step, Common)
    for index, clause in enumerate(step.catch):
        yield from _steps(clause.steps, (*path, "catch", index, "steps"), undoes, place)
    yield from _steps(step.finally_, (*path, "finally"), undoes, "finally")
