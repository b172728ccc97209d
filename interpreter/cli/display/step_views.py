"""For people, the step tree of the worker is joined with the activities that the server waits for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dsl.problems.snippet import make_printable
from interpreter.cli.display.wording import format_span
from interpreter.program.paths import COMPENSATION_SUFFIX

if TYPE_CHECKING:
    from interpreter.temporal.client.run_handle import PendingActivity, RunSnapshot

_UNDO_STATES = {
    **dict.fromkeys(("running", "retrying", "waiting", "paused"), "undoing"),
    "completed": "undone",
    "failed": "not undone",
}
"""The state of a compensation → the state that is shown for the step that it undoes."""

_TIME_TO_START = timedelta(seconds=1)
"""How long an attempt may be due before it is said to wait for a worker."""


@dataclass(frozen=True, slots=True)
class StepView:
    """A `StepView` is what one line of text shows of a step."""

    step: str
    """The path of the step, with the keys of items; a compensation has the path of the step that it undoes."""
    depth: int
    state: str
    """One of `pending`, `running`, `retrying`, `waiting`, `paused`, `completed`, `skipped`, `failed`, `caught`,
    `dead letter` and `cancelled`. A compensation has one of `undoing`, `undone` and `not undone`."""
    attempt: int | None = None
    error: str | None = None
    """Why the step failed, or why its attempt before this one did."""
    note: str | None = None
    """What the step waits for, or how the items of a loop have ended."""
    next_attempt_in: timedelta | None = None
    """How long it takes until the next attempt; None if one goes on, or there is none."""
    awaits: tuple[str, ...] = ()
    """The names of the messages that the step waits for now."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    seen_at: datetime | None = None
    """The time of the snapshot."""

    @property
    def is_active(self) -> bool:
        """Whether the step goes on, or is being undone."""
        return self.state in ("running", "retrying", "waiting", "paused", "undoing")

    @property
    def detail(self) -> str:
        """Return such as `attempt 2: ValueError: Invalid hotel ID` or `attempt 1, 0.1s`, or empty text."""
        wait = f"next attempt in {format_span(self.next_attempt_in)}" if self.next_attempt_in else ""
        attempt = f"attempt {self.attempt}" if self.attempt else ""
        parts = ", ".join(filter(None, (attempt, self.note, self._duration, wait)))
        return make_printable(": ".join(filter(None, (parts, self.error))))

    @property
    def _duration(self) -> str:
        if self.started_at is None:
            return ""
        if self.ended_at is not None:
            return "" if self.error else f"{(self.ended_at - self.started_at).total_seconds():.1f}s"
        if self.seen_at is None or (self.next_attempt_in and self.state != "undoing"):
            return ""
        elapsed = self.seen_at - self.started_at
        return f"for {format_span(elapsed)}" if elapsed >= timedelta(seconds=1) else ""

    def format_line(self, width: int) -> str:
        """Format such as `book_hotel  retrying    (attempt 2: ValueError: Invalid hotel ID)`.

        Args:
            width: How many columns the path takes.
        """
        detail = f"({self.detail})" if self.detail else ""
        return f"{self.step:<{width}}  {self.state:<10}  {detail}".rstrip()


def build_step_views(snapshot: RunSnapshot) -> list[StepView]:
    """Build the views of all steps in the order of the definition; a compensation comes after its step.

    At the end come activities of no step in the tree. Without a step tree, because no worker has answered, these are
    all activities that the server waits for.
    """
    pending = {pending.step: pending for pending in snapshot.pending}
    views = _Views(snapshot.taken_at, pending)
    progress: Mapping[str, Any] = snapshot.progress or {}
    return [
        *(view for branch in progress.get("steps", ()) for view in views.build(branch, 0)),
        *(views.build_undoing(branch, 0) for branch in progress.get("undoing", ())),
        *views.build_others(),
    ]


@dataclass(slots=True, eq=False)
class _Views:
    """Builds the views of one snapshot."""

    now: datetime
    pending: Mapping[str, PendingActivity]
    """Path → activity."""
    _shown: set[str] = field(default_factory=set[str])
    """Paths of the steps that have a view."""

    def build(self, branch: Mapping[str, Any], depth: int) -> Iterator[StepView]:
        """Build the views of a step, of what is inside it, and of its compensation if that has begun."""
        yield self._build_one(branch, depth)
        yield from self._build_inside(branch, depth)
        compensation = branch.get("compensation")
        if compensation is not None and compensation["state"] != "pending":
            yield self.build_undoing(compensation, depth)
            yield from self._build_inside(compensation, depth)

    def build_undoing(self, compensation: Mapping[str, Any], depth: int) -> StepView:
        """Build the view of a compensation."""
        return _as_undoing(self._build_one(compensation, depth))

    def build_others(self) -> Iterator[StepView]:
        """Build the views of the activities that belong to no step with a view."""
        for path, activity in self.pending.items():
            if path not in self._shown:
                view = self._add_activity(StepView(path, 0, "running", seen_at=self.now), activity)
                yield _as_undoing(view) if path.endswith(COMPENSATION_SUFFIX) else view

    def _build_inside(self, branch: Mapping[str, Any], depth: int) -> Iterator[StepView]:
        for item in branch.get("failed_items", ()):
            error = _format_error(item["error"])
            yield StepView(item.get("key_path", item["step"]), depth + 1, "failed", error=error)
        for inner in branch.get("steps", ()):
            yield from self.build(inner, depth + 1)

    def _build_one(self, branch: Mapping[str, Any], depth: int) -> StepView:
        path, state = branch["step"], branch["state"]
        self._shown.add(path)
        view = StepView(
            branch.get("key_path", path),
            depth,
            state.replace("dead_lettered", "dead letter"),
            branch["attempts"] or None,
            _format_error(branch["error"]),
            _format_note(branch),
            awaits=tuple(branch.get("awaits", ())),
            started_at=_parse_time(branch["started_at"]),
            ended_at=_parse_time(branch["ended_at"]),
            seen_at=self.now if state == "running" else None,
        )
        if state != "running":
            return view
        view = self._add_attempts(view, branch)
        return self._add_activity(view, self.pending[path]) if path in self.pending else view

    def _add_attempts(self, view: StepView, branch: Mapping[str, Any]) -> StepView:
        """Add what the worker knows of attempts, where the run itself makes them."""
        if "last_error" in branch:
            view = replace(view, state="retrying", error=_format_error(branch["last_error"]))
        due = _parse_time(branch.get("next_attempt_at"))
        return replace(view, next_attempt_in=due - self.now) if due is not None and due > self.now else view

    def _add_activity(self, view: StepView, activity: PendingActivity) -> StepView:
        """Add what the server knows of an activity that it waits for."""
        error = activity.error or view.error
        view = replace(
            view,
            state="retrying" if error else "running",
            attempt=view.attempt or activity.attempt,
            error=error,
        )
        if activity.paused:
            return replace(view, state="paused", note="somebody has paused the activity")
        if activity.due_at is None:
            return view
        if activity.due_at > self.now:
            return replace(view, next_attempt_in=activity.due_at - self.now)
        if self.now - activity.due_at < _TIME_TO_START:
            return view
        return replace(view, state="waiting", note=f'waits for a worker on "{activity.task_queue}"')


def _as_undoing(view: StepView) -> StepView:
    """Show a compensation as the undoing of its step."""
    return replace(
        view, step=view.step.removesuffix(COMPENSATION_SUFFIX), state=_UNDO_STATES.get(view.state, view.state)
    )


def _format_error(error: Mapping[str, Any] | None) -> str | None:
    return f"{error['type']}: {error['message']}" if error else None


def _format_note(branch: Mapping[str, Any]) -> str | None:
    if "succeeded" in branch:
        return _format_items(branch["succeeded"], branch["failed"], branch.get("total"))
    if "orders" in branch:
        return "; ".join(f"{each['order']} by {each['by']}: {each['reason']}" for each in branch["orders"])
    if "breaker" in branch:
        return f'waits for circuit breaker "{branch["breaker"]}"'
    names = f"for {', '.join(branch['awaits'])}" if "awaits" in branch else ""
    until = f"until {_parse_time(branch['until']):%Y-%m-%d %H:%M:%S} UTC" if "until" in branch else ""
    return f"waits {' '.join(filter(None, (names, until)))}" if names or until else None


def _format_items(succeeded: int, failed: int, total: int | None) -> str:
    failures = f", {failed} failed" if failed else ""
    if total is None:
        return f"{succeeded} succeeded{failures}"
    return f"{succeeded + failed} of {total}{failures}"


def _parse_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
