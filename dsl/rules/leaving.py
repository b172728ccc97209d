"""A step leaves when the run never goes on behind it: it returns, or it fails and nobody takes the error.

Whoever stands behind a `switch` knows that no case was run that leaves. So the steps of the only other case have run.
"""

from __future__ import annotations

from typing import assert_never

from dsl.definition.walk import Body, list_bodies
from dsl.model import (
    LEAVES,
    BlockStep,
    DeadLetter,
    DefaultCase,
    ForEachStep,
    ParallelStep,
    RaceStep,
    RaiseStep,
    RepeatStep,
    ReturnStep,
    Step,
    SwitchStep,
)


def find_only_way_on(step: SwitchStep | RaceStep) -> Body | None:
    """Find the one body that was run to its end if the run has gone on behind the step; None if it may be another.

    A `race` is won by a branch that has completed, so a branch that leaves has not won it.
    """
    ways = [body for body in list_bodies(step) if not _any_leaves(body.steps)]
    if len(ways) != 1 or (isinstance(step, SwitchStep) and _passes_by(step)):
        return None
    return ways[0]


def goes_on_after_failure(step: Step) -> bool:
    """Tell whether a step after this one can be reached although this one has failed."""
    if isinstance(step.dead_letter, DeadLetter) and step.dead_letter.then == "continue":
        return True
    return not all(_any_leaves(clause.steps) for clause in step.catch)


def _any_leaves(steps: tuple[Step, ...]) -> bool:
    return any(map(_leaves, steps))


def _leaves(step: Step) -> bool:
    if step.when is not None or goes_on_after_failure(step):
        return False
    if isinstance(step, LEAVES):
        return isinstance(step, RaiseStep | ReturnStep)
    match step:
        case BlockStep() | ParallelStep():
            return any(_any_leaves(body.steps) for body in list_bodies(step))
        case SwitchStep():
            return not _passes_by(step) and all(_any_leaves(body.steps) for body in list_bodies(step))
        case RaceStep():
            return all(_any_leaves(body.steps) for body in list_bodies(step))
        case ForEachStep() | RepeatStep():
            return False
        case _:
            assert_never(step)


def _passes_by(step: SwitchStep) -> bool:
    """Tell whether it may be that no case is run."""
    return not isinstance(step.switch[-1], DefaultCase)
