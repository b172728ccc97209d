"""What has happened so far: the step tree that the query `status` answers with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from dsl.expressions import JsonValue
from dsl.scalars.time import format_time
from interpreter.failure.failure import Failure
from interpreter.program.model import Node, Program
from interpreter.state.step_state import StepState, get_wake_time

State = Literal[
    "pending", "running", "completed", "skipped", "failed", "cancelled", "caught", "dead_lettered"
]


_OVER = frozenset(["completed", "skipped", "caught", "dead_lettered"])


@dataclass(slots=True)
class StepProgress:
    """One step of one run."""

    state: State = "pending"
    attempts: int | None = None
    """How many attempts it took; None while it runs, and where its worker does not tell."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: Failure | None = None
    given: JsonValue = None
    """The arguments of an activity or a child workflow."""
    child: str | None = None
    """The workflow id of a child."""
    result: JsonValue = None
    """For a step without an id, whose result nobody else remembers."""
    fields: dict[str, JsonValue] = field(default_factory=dict)
    """What `steps.<id>` shows beside the common fields."""
    failures: int = 0
    """For a loop over items: how many have failed."""
    resume: StepState | None = None
    """What the action must know to go on in another run; None where it begins anew, or has not begun."""
    frames: dict[str, str] = field(default_factory=dict)
    """For a loop: the iterations that are shown, with the frame of their keys."""

    @property
    def is_over(self) -> bool:
        """The run has gone on after it."""
        return self.state in _OVER


@dataclass(slots=True)
class Progress:
    """All steps of one run, by path; a step that was not reached has no entry."""

    steps: dict[str, StepProgress] = field(default_factory=dict)

    def of(self, path: str) -> StepProgress:
        """Look up how far a step has come; one that is new here has not begun."""
        step = self.steps.get(path)
        if step is None:
            step = self.steps[path] = StepProgress()
        return step

    def forget(self, path: str) -> None:
        """Show no more of a step: it will not run, or not as it did."""
        self.steps.pop(path, None)

    def tree(self, program: Program) -> list[dict[str, Any]]:
        """The steps in the order of the definition, as plain data; blocks and compensations nested. What stands in
        `catch`, `finally` and `on_failure` is shown once it was reached."""
        after = [node for node in (*program.on_failure, *program.finally_) if node.path in self.steps]
        return [self._build_branch(node) for node in (*program.steps, *after)]

    def _build_branch(self, node: Node) -> dict[str, Any]:
        step = self.steps.get(node.path, StepProgress())
        branch: dict[str, Any] = {
            "step": node.path,
            "line": node.line,
            "kind": node.kind,
            "activity": node.activity,
            "state": step.state,
            "attempts": step.attempts,
            "started_at": _format_time(step.started_at),
            "ended_at": _format_time(step.ended_at),
            "error": step.error.to_json() if step.error else None,
        }
        if step.child is not None:
            branch["child"] = {"workflow_id": step.child}
        if "succeeded" in step.fields:
            branch.update(succeeded=step.fields["succeeded"], failed=step.failures)
        if step.state == "running":
            branch.update(_describe_wait(node, step))
        if inside := [*self._list_inside(node, step)]:
            branch["steps"] = [self._build_branch(child) for child in inside]
        if node.compensation is not None and node.compensation.path in self.steps:
            branch["compensation"] = self._build_branch(node.compensation)
        return branch

    def _list_inside(self, node: Node, step: StepProgress) -> Iterator[Node]:
        """List what is shown below a step.

        A loop has the iterations that are known. What handles errors, and other branches, are shown once they were
        reached.
        """
        if node.is_loop:
            for frame, key_frame in step.frames.items():
                yield from (child.in_frame(frame, key_frame) for child in node.body)
        else:
            yield from node.body
        yield from (
            child
            for child in node.inside
            if child not in node.body and (child.path in self.steps or node.shows_branches)
        )


def _describe_wait(node: Node, step: StepProgress) -> dict[str, Any]:
    """What it waits for: messages, a point in time, or which comes first."""
    waiting: dict[str, Any] = {}
    if node.awaits:
        waiting["awaits"] = list(node.awaits)
    if (moment := get_wake_time(step.resume)) is not None:
        waiting["until"] = format_time(moment)
    return waiting


def _format_time(moment: datetime | None) -> str | None:
    return format_time(moment) if moment else None
