"""Where in its run a task is: which step it carries out, and inside of which other steps.

It is kept beside the scope because what a step sees and where it stands are two things: a compensation sees what its
step saw, and runs much later, inside of whatever undoes. Each task inherits the position of the one that has started
it. Nothing of a run's course depends on it; traces are nested by it.
"""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime
from typing import NamedTuple


class Position(NamedTuple):
    """One step that is being carried out, or the run itself."""

    path: str
    """The path of the step; "" for the run."""
    began: datetime
    """When it began, which may have been in an earlier run that this one goes on from. A step that is done again has
    the same path, and began at another time."""
    outer: Position | None
    """What it is inside of; None for the run."""


_current: ContextVar[Position | None] = ContextVar("stepfile_position", default=None)


def current_position() -> Position | None:
    """Return what this task carries out; None outside of runs."""
    return _current.get()


def enter_run(began: datetime) -> None:
    """Note that this task, and those that it starts, carry out a run."""
    _current.set(Position("", began, None))


def enter_step(path: str, began: datetime | None) -> Position | None:
    """Note that this task carries out a step.

    Returns:
        What it has carried out before, for `leave_step`.
    """
    outer = _current.get()
    if began is not None:
        _current.set(Position(path, began, outer))
    return outer


def leave_step(outer: Position | None) -> None:
    """Note that the step of the last `enter_step` is over."""
    _current.set(outer)
