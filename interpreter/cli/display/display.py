"""How the progress of a run is shown while it goes on: a picture that changes, or a line per change."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from interpreter.cli.display.output import allows_colour, say
from interpreter.cli.display.steps import StepView


class Display(Protocol):
    """Shows how far a run has come."""

    def show(self, steps: list[StepView]) -> None:
        """Show the state of all steps, which may be the same as before."""


class Lines:
    """A line for every step whose state has changed: for pipes and logs."""

    def __init__(self) -> None:
        self._before: set[tuple[str, str, int | None, str | None]] = set()

    def show(self, steps: list[StepView]) -> None:
        """Write what is new, in the order in which it happened."""
        width = max((len(step.step) for step in steps), default=0)
        for step in sorted(steps, key=lambda step: (step.ended_at is None, step.ended_at)):
            now = (step.step, step.state, step.attempt, step.error)
            if step.state != "pending" and now not in self._before:
                self._before.add(now)
                say(step.format_line(width))


def choose_display() -> AbstractContextManager[Display]:
    """What suits standard error."""
    if not allows_colour(sys.stderr):
        return nullcontext(Lines())
    from interpreter.cli.display.live import Picture

    return Picture()
