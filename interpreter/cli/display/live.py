"""The steps of a run as a picture on a terminal that changes with them. The only user of rich."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from interpreter.cli.display.steps import StepView

_LOOKS = {
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
_MOVING = {"running": "cyan", "retrying": "yellow", "undoing": "yellow"}


class Picture:
    """One line per step; what the activities print appears above it."""

    def __init__(self) -> None:
        self._live = Live(console=Console(stderr=True, highlight=False), refresh_per_second=12)
        self._spinners: dict[tuple[str, str], Spinner] = {}

    def __enter__(self) -> Picture:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, steps: list[StepView]) -> None:
        """Draw the steps anew."""
        table = Table.grid(padding=(0, 1))
        for step in steps:
            glyph, style = _LOOKS.get(step.state, ("•", ""))
            moving = _MOVING.get(step.state)
            name = Text("  " * step.depth + step.step, style="dim" if step.state == "pending" else "")
            table.add_row(
                self._get_spinner(step, moving) if moving else Text(glyph, style),
                name,
                Text(step.state, moving or style),
                Text(step.detail, "dim", overflow="ellipsis", no_wrap=True),
            )
        self._live.update(table)

    def _get_spinner(self, step: StepView, style: str) -> Spinner:
        """The same for as long as the state lasts, so that it turns."""
        return self._spinners.setdefault((step.step, step.state), Spinner("dots", style=style))
