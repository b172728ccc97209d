"""The progress of a run is shown as a table that changes, or as one line for each change."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from interpreter.cli.display.notes import Note
from interpreter.cli.display.output import allows_colour, print_notice
from interpreter.cli.display.step_views import StepView


class ProgressDisplay(Protocol):
    """A `ProgressDisplay` shows how far a run has come."""

    def show(self, steps: Sequence[StepView], notes: Sequence[Note]) -> None:
        """Show the state of all steps and what else there is to say, which may be the same as before."""


class ProgressLines:
    """`ProgressLines` writes a line for every step whose state has changed; it suits pipes and logs."""

    def __init__(self) -> None:
        self._written: set[tuple[str, str, int, str | None]] = set()
        self._said: set[str] = set()
        """The subjects of the notes that held the last time."""

    def show(self, steps: Sequence[StepView], notes: Sequence[Note]) -> None:
        """Write what is new, in the order in which it happened."""
        width = max((len(step.step) for step in steps), default=0)
        for step in sorted(steps, key=lambda step: (step.ended_at is None, step.ended_at)):
            now = (step.step, step.state, step.attempt or 1, step.error)
            if step.state != "pending" and now not in self._written:
                self._written.add(now)
                print_notice(step.format_line(width))
        for note in notes:
            if note.subject not in self._said:
                print_notice(note.text)
        self._said = {note.subject for note in notes}


def choose_progress_display() -> AbstractContextManager[ProgressDisplay]:
    """Choose a table if standard error is a terminal, and lines otherwise."""
    if not allows_colour(sys.stderr):
        return nullcontext(ProgressLines())
    from interpreter.cli.display.progress_table import ProgressTable

    return ProgressTable()
