"""Every step of a definition with the path where it stands, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsl.model import (
    ActivityAction,
    ActivityStep,
    BlockCompensation,
    BlockStep,
    Compensation,
    Definition,
    Step,
)
from dsl.source import Path


@dataclass(frozen=True, slots=True)
class Placed:
    """A step or a compensation, and where it stands."""

    step: Step | Compensation
    path: Path
    undoes: Step | None = None
    """The step around the innermost compensation that this is, or is inside of."""


def walk(definition: Definition) -> Iterator[Placed]:
    """All steps and compensations, blocks before what is inside them."""
    yield from _steps(definition.steps, ("steps",), None)
    if definition.on_failure:
        yield from _steps(definition.on_failure.steps, ("on_failure", "steps"), None)


def activities(definition: Definition) -> Iterator[tuple[ActivityAction, Path]]:
    """All calls of activities, those of compensations included."""
    for placed in walk(definition):
        if isinstance(placed.step, ActivityAction):
            yield placed.step, placed.path


def _steps(steps: tuple[Step, ...], path: Path, undoes: Step | None) -> Iterator[Placed]:
    for index, step in enumerate(steps):
        yield from _step(step, (*path, index), undoes)


def _step(step: Step, path: Path, undoes: Step | None) -> Iterator[Placed]:
    yield Placed(step, path, undoes)
    if isinstance(step, BlockStep):
        yield from _steps(step.steps, (*path, "steps"), undoes)
    if isinstance(step, ActivityStep | BlockStep) and step.compensate is not None:
        inside = (*path, "compensate")
        yield Placed(step.compensate, inside, step)
        if isinstance(step.compensate, BlockCompensation):
            yield from _steps(step.compensate.steps, (*inside, "steps"), step)
