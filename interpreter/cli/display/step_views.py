"""For people, the step tree of the worker is joined with the activities that the server waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable

if TYPE_CHECKING:
    from interpreter.temporal.client.run_handle import PendingActivity, RunSnapshot

_UNDO_STATES = {"running": "undoing", "retrying": "undoing", "completed": "undone", "failed": "not undone"}
"""The state of a compensation → the state that is shown for the step that it undoes."""


@dataclass(frozen=True, slots=True)
class StepView:
    """A `StepView` is what one line of text shows of a step."""

    step: str
    """The path of the step; a compensation has the path of the step that it undoes."""
    depth: int
    state: str
    """One of `pending`, `running`, `retrying`, `completed`, `skipped`, `failed`, `caught`, `dead letter` and
    `cancelled`; a compensation has one of `undoing`, `undone` and `not undone`."""
    attempt: int | None = None
    error: str | None = None
    """Why the step failed, or why its attempt before this one did."""
    note: str | None = None
    """What the step waits for, or how the items of a loop have ended."""
    awaits: tuple[str, ...] = ()
    """The names of the messages that the step waits for now."""
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def detail(self) -> str:
        """Return such as `attempt 2: ValueError: Invalid hotel ID` or `attempt 1, 0.1s`, or empty text."""
        attempt = f"attempt {self.attempt}" if self.attempt else ""
        if self.error:
            return make_printable(f"{attempt}: {self.error}" if attempt else self.error)
        return ", ".join(filter(None, (attempt, self.note, self._duration)))

    @property
    def _duration(self) -> str:
        if self.started_at is None or self.ended_at is None:
            return ""
        return f"{(self.ended_at - self.started_at).total_seconds():.1f}s"

    def format_line(self, width: int) -> str:
        """Format such as `book_hotel  retrying    (attempt 2: ValueError: Invalid hotel ID)`.

        Args:
            width: How many columns the path takes.
        """
        detail = f"({self.detail})" if self.detail else ""
        return f"{self.step:<{width}}  {self.state:<10}  {detail}".rstrip()


def build_step_views(snapshot: RunSnapshot) -> list[StepView]:
    """Build the views of all steps in the order of the definition; a compensation comes after its step.

    Without a step tree, because no worker has answered, there are only the activities that the server waits for.
    """
    waiting = {pending.step: pending for pending in snapshot.pending}
    if snapshot.progress is None:
        return [
            StepView(p.step, 0, "retrying" if p.error else "running", p.attempt, p.error)
            for p in snapshot.pending
        ]
    return [view for branch in snapshot.progress["steps"] for view in _build_views(branch, waiting, 0)]


def _build_views(
    branch: Mapping[str, Any], waiting: Mapping[str, PendingActivity], depth: int
) -> Iterator[StepView]:
    yield _build_view(branch, waiting, branch["step"], depth)
    for inner in branch.get("steps", ()):
        yield from _build_views(inner, waiting, depth + 1)
    compensation = branch.get("compensation")
    if compensation is not None and compensation["state"] != "pending":
        undo = _build_view(compensation, waiting, branch["step"], depth)
        yield replace(undo, state=_UNDO_STATES.get(undo.state, undo.state))


def _build_view(
    branch: Mapping[str, Any], waiting: Mapping[str, PendingActivity], step: str, depth: int
) -> StepView:
    pending = waiting.get(branch["step"])
    if pending is not None and branch["state"] == "running":
        state = "retrying" if pending.error else "running"
        return StepView(step, depth, state, pending.attempt, pending.error)
    error = branch["error"]
    return StepView(
        step,
        depth,
        branch["state"].replace("dead_lettered", "dead letter"),
        branch["attempts"],
        f"{error['type']}: {error['message']}" if error else None,
        _format_note(branch),
        tuple(branch.get("awaits", ())),
        _parse_time(branch["started_at"]),
        _parse_time(branch["ended_at"]),
    )


def _format_note(branch: Mapping[str, Any]) -> str | None:
    if "succeeded" in branch:
        failed = f", {branch['failed']} failed" if branch["failed"] else ""
        return f"{branch['succeeded']} succeeded{failed}"
    names = f"for {', '.join(branch['awaits'])}" if "awaits" in branch else ""
    until = f"until {_parse_time(branch['until']):%Y-%m-%d %H:%M:%S} UTC" if "until" in branch else ""
    return f"waits {' '.join(filter(None, (names, until)))}" if names or until else None


def _parse_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
