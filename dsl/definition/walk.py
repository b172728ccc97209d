"""A walk comes to every step of a definition, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, assert_never

from dsl.definition.remembered import remember_last
from dsl.model import (
    LEAVES,
    ActivityAction,
    ActivityCompensation,
    BlockCompensation,
    BlockStep,
    Call,
    Case,
    ChildWorkflowAction,
    ChildWorkflowCompensation,
    Common,
    Compensation,
    DefaultCase,
    Definition,
    ForEachStep,
    HttpCompensation,
    Pages,
    ParallelStep,
    RaceStep,
    RepeatStep,
    Step,
    SwitchStep,
    Undoable,
)
from dsl.source.map import Path

Place = Literal["steps", "finally", "on_failure"]


class Placed(NamedTuple):
    """This is a step or a compensation, and where it stands."""

    step: Step | Compensation
    path: Path
    undoes: Step | None = None
    """The step that the innermost compensation around it undoes, or that it undoes itself."""
    place: Place = "steps"
    """Nothing in `finally` and `on_failure` can be undone any more."""
    around: tuple[Step | Compensation, ...] = ()
    """The steps that it is inside of, outermost first."""


@remember_last
def walk(definition: Definition) -> Iterator[Placed]:
    """Come to all steps and compensations: to a block before what is inside it."""
    yield from _walk_steps(definition.steps, ("steps",), _Where("steps"))
    if definition.on_failure:
        yield from _walk_steps(definition.on_failure.steps, ("on_failure", "steps"), _Where("on_failure"))
    yield from _walk_steps(definition.finally_, ("finally",), _Where("finally"))


class Body(NamedTuple):
    """A body is a list of steps that a step is made of."""

    way: Path
    """The way from the step to the list."""
    steps: tuple[Step, ...]
    branch: str | None = None
    """What distinguishes it from its siblings: the name of a branch, or the number of a case. None for an only
    body."""


def list_bodies(step: Step | Compensation) -> Iterator[Body]:
    """List what an action is made of, in the order of the text.

    Whoever looks into a step asks this function, so that a new kind of step is known to all of them.
    """
    if isinstance(step, LEAVES):
        return
    match step:
        case BlockStep() | BlockCompensation() | ForEachStep() | RepeatStep():
            yield Body(("steps",), step.steps)
        case ParallelStep():
            yield from (Body(("parallel", name), steps, name) for name, steps in step.parallel.items())
        case RaceStep():
            yield from (Body(("race", name), steps, name) for name, steps in step.race.items())
        case SwitchStep():
            yield from (_build_case(index, case) for index, case in enumerate(step.switch))
        case ActivityCompensation() | HttpCompensation() | ChildWorkflowCompensation():
            return
        case _:
            assert_never(step)


def _build_case(index: int, case: Case | DefaultCase) -> Body:
    if isinstance(case, Case):
        return Body(("switch", index, "steps"), case.steps, str(index))
    return Body(("switch", index, "default"), case.default, str(index))


def collect_ids(steps: tuple[Step, ...]) -> list[str]:
    """Collect the ids of steps and of all steps inside them, also of those in compensations."""
    placed = _walk_steps(steps, (), _Where("steps"))
    return [each.step.id for each in placed if isinstance(each.step, Common) and each.step.id is not None]


def find_calls(definition: Definition) -> Iterator[tuple[Call, Path]]:
    """Find all calls of activities, with the paths of their steps.

    The built-in activities are among them, and the compensations.
    """
    for placed in walk(definition):
        if isinstance(placed.step, Call):
            yield placed.step, placed.path
        elif isinstance(placed.step, ForEachStep) and isinstance(placed.step.for_each, Pages):
            yield placed.step.for_each.pages, (*placed.path, "for_each", "pages")


def find_activity_calls(definition: Definition) -> Iterator[tuple[ActivityAction, Path]]:
    """Find all calls of the user's activities, also those by compensations."""
    yield from ((call, path) for call, path in find_calls(definition) if isinstance(call, ActivityAction))


def has_something_to_undo(definition: Definition) -> bool:
    """Tell whether a run of the definition may have something to undo; its children may."""
    return any(placed.undoes is not None for placed in walk(definition)) or any(find_child_calls(definition))


def find_child_calls(definition: Definition) -> Iterator[tuple[ChildWorkflowAction, Path]]:
    """Find all calls of child workflows, with the paths of their steps, also those by compensations."""
    for placed in walk(definition):
        if isinstance(placed.step, ChildWorkflowAction):
            yield placed.step, placed.path


class _Where(NamedTuple):
    place: Place
    undoes: Step | None = None
    around: tuple[Step | Compensation, ...] = ()

    def enter(self, step: Step, place: Place | None = None) -> _Where:
        """Where the steps inside a step stand."""
        return _Where(place or self.place, self.undoes, (*self.around, step))


def _walk_steps(steps: tuple[Step, ...], path: Path, where: _Where) -> Iterator[Placed]:
    for index, step in enumerate(steps):
        yield from _walk_step(step, (*path, index), where)


def _walk_step(step: Step, path: Path, where: _Where) -> Iterator[Placed]:
    yield Placed(step, path, where.undoes, where.place, where.around)
    inside: _Where | None = None
    for body in list_bodies(step):
        inside = inside or where.enter(step)
        yield from _walk_steps(body.steps, (*path, *body.way), inside)
    if isinstance(step, Undoable) and step.compensate is not None:
        yield from _walk_compensation(step, step.compensate, (*path, "compensate"), where)
    assert isinstance(step, Common)
    for index, clause in enumerate(step.catch):
        yield from _walk_steps(clause.steps, (*path, "catch", index, "steps"), where.enter(step))
    if step.finally_:
        yield from _walk_steps(step.finally_, (*path, "finally"), where.enter(step, "finally"))


def _walk_compensation(step: Step, compensation: Compensation, path: Path, where: _Where) -> Iterator[Placed]:
    yield Placed(compensation, path, step, where.place, where.around)
    undoing = _Where(where.place, step, (*where.around, compensation))
    for body in list_bodies(compensation):
        yield from _walk_steps(body.steps, (*path, *body.way), undoing)
