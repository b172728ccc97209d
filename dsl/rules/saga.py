"""Compensations stand where they can be honoured."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.definition.walk import Placed, walk
from dsl.model import (
    BLOCKS,
    CompensationCommon,
    Definition,
    ForEachStep,
    RaceStep,
    RepeatStep,
    Undoable,
)
from dsl.problems.names import report_unused
from dsl.problems.problem import Problem


def check_saga(definition: Definition) -> Iterator[Problem]:
    """Check the compensations, the pivots, and the settings of `saga`."""
    compensated = False
    for placed in walk(definition):
        step = placed.step
        if isinstance(step, CompensationCommon):
            compensated = True
            yield from _check_compensation(placed)
        elif isinstance(step, Undoable):
            yield from _check_final(placed, step)
    if definition.saga.parallel and not definition.saga.continue_on_error:
        yield Problem(
            "no-effect",
            "continue_on_error has no effect: with parallel, all compensations begin before one can fail",
            ("saga", "continue_on_error"),
            hint="remove one of the two",
            severity="warning",
            at="key",
        )
    if "saga" in definition.model_fields_set and not compensated:
        message = '"saga" has no effect: no step has a compensation'
        hint = 'give the steps that must be undone a "compensate", or remove "saga"'
        yield report_unused("unused-saga", message, ("saga",), hint=hint)


def _check_compensation(placed: Placed) -> Iterator[Problem]:
    compensation = placed.step
    if isinstance(placed.undoes, BLOCKS) and "after" in compensation.model_fields_set:
        yield Problem(
            "misplaced-key",
            '"after" has no meaning for a block',
            (*placed.path, "after"),
            hint="remove it: before the block has completed, the compensations inside it undo what was done",
            at="key",
        )


def _check_final(placed: Placed, step: Undoable) -> Iterator[Problem]:
    """Refuse compensations and pivots where nothing is undone any more: in what undoes a step, and after the run."""
    if step.pivot and any(isinstance(each, RaceStep) for each in placed.around):
        yield Problem(
            "misplaced-key",
            "a step of a race can't be the pivot: what the losing branches have done must be undone",
            (*placed.path, "pivot"),
            hint="put the pivot after the race",
            at="key",
        )
    if step.pivot and any(isinstance(each, ForEachStep | RepeatStep) for each in placed.around):
        yield Problem(
            "misplaced-key",
            "a pivot in a loop holds after its first iteration: nothing of the other iterations is undone either",
            (*placed.path, "pivot"),
            hint="put the pivot after the loop, or on the loop itself",
            severity="warning",
            at="key",
        )
    if placed.undoes is None and placed.place == "steps":
        return
    where = "a compensation" if placed.undoes is not None else placed.place
    if step.compensate is not None:
        yield Problem(
            "misplaced-key",
            f"a step of {where} can't have a compensation: nothing is undone any more after it",
            (*placed.path, "compensate"),
            hint="let the step retry until it succeeds",
            at="key",
        )
    if step.pivot:
        yield Problem(
            "misplaced-key",
            f"a step of {where} can't be the pivot",
            (*placed.path, "pivot"),
            hint="the pivot must be among the steps of the run itself",
            at="key",
        )
