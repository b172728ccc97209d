"""On a terminal the steps of a run are a table that changes with them. Only this module uses rich."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from interpreter.cli.display.notes import Note
from interpreter.cli.display.step_views import StepView
from interpreter.cli.display.visible_steps import HiddenSteps, choose_visible

_GLYPHS = {
    "pending": ("·", "dim"),
    "completed": ("✓", "green"),
    "skipped": ("-", "dim"),
    "failed": ("✗", "red"),
    "cancelled": ("✗", "yellow"),
    "caught": ("↷", "yellow"),
    "dead letter": ("✉", "yellow"),
    "waiting": ("◌", "yellow"),
    "paused": ("◌", "yellow"),
    "undone": ("↶", "yellow"),
    "not undone": ("✗", "bold red"),
}
_SPINNER_STYLES = {"running": "cyan", "retrying": "yellow", "undoing": "yellow"}

_LEAST_STEPS = 3
"""How many lines the steps have at least, whatever else there is to say and however low the terminal is."""


class ProgressTable:
    """A `ProgressTable` has one line for each step; what the activities print appears above the table.

    When there are more steps than lines, the table follows what goes on.
    """

    def __init__(self, console: Console | None = None) -> None:
        """Make a table that is not shown yet, on standard error or on another console."""
        self._console = console or Console(stderr=True, highlight=False)
        self._live = Live(console=self._console, refresh_per_second=12)
        self._spinners: dict[tuple[str, str], Spinner] = {}

    def __enter__(self) -> ProgressTable:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, steps: Sequence[StepView], notes: Sequence[Note]) -> None:
        """Draw the table anew."""
        self._live.update(self.build(steps, notes))

    def build(self, steps: Sequence[StepView], notes: Sequence[Note]) -> Group:
        """Build what is drawn; it is no higher than the terminal."""
        size = self._console.size
        texts = [Text(note.text, "yellow") for note in notes]
        # The cursor stands in the line after the last one.
        height = size.height - 1 - sum(len(text.wrap(self._console, size.width)) for text in texts)
        table = Table.grid(padding=(0, 1))
        for row in choose_visible(steps, max(height, _LEAST_STEPS)):
            if isinstance(row, HiddenSteps):
                table.add_row("", _cut(row.title, "dim italic"), "", _cut(row.detail, "dim italic"))
            else:
                self._add_step(table, row)
        return Group(table, *texts)

    def _add_step(self, table: Table, step: StepView) -> None:
        glyph, style = _GLYPHS.get(step.state, ("•", ""))
        spinner_style = _SPINNER_STYLES.get(step.state)
        table.add_row(
            self._get_spinner(step, spinner_style) if spinner_style else Text(glyph, style),
            _cut("  " * step.depth + step.step, "dim" if step.state == "pending" else ""),
            _cut(step.state, spinner_style or style),
            _cut(step.detail, "dim"),
        )

    def _get_spinner(self, step: StepView, style: str) -> Spinner:
        """Return the step's spinner, which stays the same while the state lasts, so that it turns."""
        return self._spinners.setdefault((step.step, step.state), Spinner("dots", style=style))


def _cut(text: str, style: str) -> Text:
    """Keep a text on one line: what does not fit is cut off."""
    return Text(text, style, overflow="ellipsis", no_wrap=True)
