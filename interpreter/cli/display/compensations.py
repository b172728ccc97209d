"""The compensations of a run are shown, and what can be done about one that hangs."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable
from dsl.scalars.time import format_time
from interpreter.cli.display.step_views import StepView, build_step_views
from interpreter.cli.display.wording import get_name
from interpreter.state.compensation_orders import OrderKind
from interpreter.state.saga import UndoStage

if TYPE_CHECKING:
    from interpreter.temporal.client.run_handle import RunSnapshot

_BEGUN = ("undoing", "undone", "not undone")
_OF_MEMO = {"undoing": "undoing", "undone": "undone", "not_undone": "not undone"}
_OF_REPORT = {"completed": "undone", "failed": "not undone", "skipped": "not undone"}


@dataclass(frozen=True, slots=True)
class CompensationOverview:
    """What is known of the compensations of one run at one moment."""

    snapshot: RunSnapshot

    def format_lines(self) -> Iterator[str]:
        """Format each compensation, and what can be done about those that hang, line by line."""
        views = self._build_views()
        width = max((len(view.step) for view in views), default=0)
        for view in views:
            yield view.format_line(width)
        shown = sum(view.state not in ("undone", "not undone") for view in views)
        if self._count_left() > shown:
            yield f"and {self._count_left() - shown} more that are not undone yet"
        if not views:
            yield f"{self.snapshot.workflow_id} undoes nothing, and has undone nothing"
        if self.snapshot.silence:
            yield self.snapshot.silence
        yield from describe_hanging(self.snapshot)

    def build_records(self) -> list[dict[str, Any]]:
        """Build an object for each compensation."""
        return [
            {
                "step": view.step,
                "state": view.state,
                "attempt": view.attempt,
                "error": view.error,
                "note": view.note,
                "since": format_time(view.started_at) if view.started_at is not None else None,
            }
            for view in self._build_views()
        ]

    def _build_views(self) -> list[StepView]:
        found = {view.step: view for view in build_step_views(self.snapshot) if view.state in _BEGUN}
        for step, state in self._list_reported():
            found.setdefault(step, StepView(step, 0, state))
        waits = "waiting" if any(view.state == "undoing" for view in found.values()) else "not begun"
        for step in self._left.get("steps", ()):
            found.setdefault(step, StepView(step, 0, waits))
        return list(found.values())

    def _list_reported(self) -> Iterator[tuple[str, str]]:
        """List what is known of steps that no worker shows, or none shows any more."""
        progress: Mapping[str, Any] | None = self.snapshot.progress
        if progress is None:
            yield from ((path, _OF_MEMO[status]) for path, status in self.snapshot.undone.items())
        else:
            yield from ((get_name(each), _OF_REPORT[each["status"]]) for each in progress["compensations"])

    @property
    def _left(self) -> Mapping[str, Any]:
        left: Mapping[str, Any] = (self.snapshot.progress or {}).get("to_undo") or {}
        return left

    def _count_left(self) -> int:
        count: int = self._left.get("count", 0)
        return count


def describe_order(kind: OrderKind, step: str, state: str) -> tuple[str, bool]:
    """Describe what has come of an order about a compensation, and whether that is what was ordered.

    Args:
        kind: What was ordered.
        step: The step that is to be undone.
        state: What is true of it then, in the words of its run: those of `UndoStage`.
    """
    step = make_printable(step)
    match kind, state:
        case "skip", UndoStage.NOT_UNDONE.value | UndoStage.FAILING.value:
            return f"{step} is skipped: it stays not undone", True
        case "skip", UndoStage.WAITING.value:
            return f"{step} is skipped when its turn comes: it stays not undone", True
        case "skip", UndoStage.UNDONE.value:
            return f"{step} is undone: its compensation has succeeded before it could be skipped", True
        case "retry", UndoStage.NOT_UNDONE.value | UndoStage.FAILING.value:
            return (
                f"{step} is not tried again: somebody has skipped it meanwhile, and it stays not undone",
                False,
            )
        case "retry", UndoStage.UNDOING.value:
            return f"{step} is tried again: it is being undone", True
        case "retry", UndoStage.WAITING.value:
            return f"{step} is tried again when its turn comes", True
        case _:
            return f"{step} {make_printable(state)}", True


def describe_hanging(snapshot: RunSnapshot) -> Iterator[str]:
    """Describe what can be done about compensations that fail again and again, line by line."""
    for view in build_step_views(snapshot):
        if view.state == "undoing" and view.error and not snapshot.has_ended:
            about = f"{shlex.quote(snapshot.workflow_id)} {shlex.quote(view.step)}"
            yield f"hangs       the undoing of {view.step} has failed {_count(view)}, and is tried again; otherwise"
            yield f"            stepfile compensation retry {about} --reason WHY   tries it again at once"
            yield f"            stepfile compensation skip {about} --reason WHY    leaves it not undone, and goes on"


def _count(view: StepView) -> str:
    failed = (view.attempt or 2) - 1
    return "once" if failed == 1 else f"{failed} times"
