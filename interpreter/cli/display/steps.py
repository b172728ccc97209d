"""The steps of a run for people: the worker's step tree joined with what the server waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable

if TYPE_CHECKING:
    from interpreter.temporal.client.run_handle import PendingActivity, RunSnapshot

_UNDO = {"running": "undoing", "retrying": "undoing", "completed": "undone", "failed": "not undone"}
"""What a state of a compensation means for its step."""


@dataclass(frozen=True, slots=True)
class StepView:
    """One step as a line of text shows it."""

    step: str
    """Path of the step; for a compensation, of the step that it undoes."""
    depth: int
    state: str
    """`pending`, `running`, `retrying`, `completed`, `skipped`, `failed`, `caught`, `dead letter`, `cancelled`; of
    one that undoes: `undoing`, `undone`, `not undone`."""
    attempt: int | None = None
    error: str | None = None
    """Why it failed, or why the attempt before did."""
    note: str | None = None
    """What it waits for; of a loop, how its items have ended."""
    awaits: tuple[str, ...] = ()
    """The messages that it waits for now."""
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def detail(self) -> str:
        """`attempt 2: ValueError: Invalid hotel ID`, `attempt 1, 0.1s`; may be empty."""
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
        """`book_hotel  retrying  (attempt 2: ValueError: Invalid hotel ID)`."""
        detail = f"({self.detail})" if self.detail else ""
        return f"{self.step:<{width}}  {self.state:<10}  {detail}".rstrip()


def build_step_views(snapshot: RunSnapshot) -> list[StepView]:
    """All steps in the order of the definition; those that undo stand behind what they undo."""
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
        yield replace(undo, state=_UNDO.get(undo.state, undo.state))


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
    waits = f"for {', '.join(branch['awaits'])}" if "awaits" in branch else ""
    until = f"until {_parse_time(branch['until']):%Y-%m-%d %H:%M:%S} UTC" if "until" in branch else ""
    return f"waits {' '.join(filter(None, (waits, until)))}" if waits or until else None


def _parse_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
