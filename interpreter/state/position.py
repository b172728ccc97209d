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
    began: datetime | None
    """When it began, which may have been in an earlier run that this one goes on from. A step that is done again has
    the same path, and began at another time. (It is never None: `StepProgress` has it so before a step begins.)"""
    outer: Position | None
    """What it is inside of; None for the run."""


current_position: ContextVar[Position | None] = ContextVar("stepfile_position", default=None)
"""What a task carries out; None outside of runs. Who sets it for a step does so inside of `KeepPosition`."""


class KeepPosition:
    """Puts the position back, after the block, that the task had before. The block gets it.

    A run that a worker drops is not put back. Python then closes its tasks while it collects garbage, perhaps in the
    middle of setting a variable of the context, and to set one there is a use of freed memory that ends the process
    (issue 148891 of CPython).
    """

    __slots__ = ("_position",)

    def __enter__(self) -> Position | None:
        self._position = current_position.get()
        return self._position

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is not GeneratorExit:
            current_position.set(self._position)
