"""On a terminal the steps of a run are a table that changes with them. Only this module uses rich."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from interpreter.cli.display.step_views import StepView

_GLYPHS = {
    "pending": ("·", "dim"),
    "completed": ("✓", "green"),
    "skipped": ("-", "dim"),
    "failed": ("✗", "red"),
    "cancelled": ("✗", "yellow"),
    "caught": ("↷", "yellow"),
    "dead letter": ("✉", "yellow"),
    "undone": ("↶", "yellow"),
    "not undone": ("✗", "bold red"),
}
_SPINNER_STYLES = {"running": "cyan", "retrying": "yellow", "undoing": "yellow"}


class ProgressTable:
    """A `ProgressTable` has one line for each step; what the activities print appears above the table."""

    def __init__(self) -> None:
        self._live = Live(console=Console(stderr=True, highlight=False), refresh_per_second=12)
        self._spinners: dict[tuple[str, str], Spinner] = {}

    def __enter__(self) -> ProgressTable:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, steps: list[StepView]) -> None:
        """Draw the table anew."""
        table = Table.grid(padding=(0, 1))
        for step in steps:
            glyph, style = _GLYPHS.get(step.state, ("•", ""))
            spinner_style = _SPINNER_STYLES.get(step.state)
            name = Text("  " * step.depth + step.step, style="dim" if step.state == "pending" else "")
            table.add_row(
                self._get_spinner(step, spinner_style) if spinner_style else Text(glyph, style),
                name,
                Text(step.state, spinner_style or style),
                Text(step.detail, "dim", overflow="ellipsis", no_wrap=True),
            )
        self._live.update(table)

    def _get_spinner(self, step: StepView, style: str) -> Spinner:
        """Return the step's spinner, which stays the same while the state lasts, so that it turns."""
        return self._spinners.setdefault((step.step, step.state), Spinner("dots", style=style))
