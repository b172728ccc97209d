"""What has happened so far: the step tree that the query `status` answers with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from dsl.expressions import JsonValue
from dsl.scalars.time import format_time
from interpreter.events import StepOutcome
from interpreter.failure.failure import Failure
from interpreter.program.model import Node, Program
from interpreter.state.step_state import BlockState, ForEachState, StepState, get_retry_time, get_wake_time

State = StepOutcome | Literal["pending", "running"]


_OVER = frozenset(["completed", "skipped", "caught", "dead_lettered"])

SHOWN_ITEMS = 10
"""How many failed items of a loop are shown by name."""


@dataclass(slots=True)
class StepProgress:
    """One step of one run."""

    state: State = "pending"
    attempts: int | None = None
    """How many attempts it took; None while it runs, and where its worker does not tell."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: Failure | None = None
    last_error: Failure | None = None
    """Why the attempt before this one failed, where the run itself makes the attempts."""
    next_attempt_at: datetime | None = None
    """When the next of these attempts is due; None while one goes on."""
    breaker: str | None = None
    """The circuit breaker that lets no attempt of the step through now."""
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
    total: int | None = None
    """For a loop over items: how many there are; None as long as that is not known."""
    resume: StepState | None = None
    """What the action must know to go on in another run; None where it begins anew, or has not begun. It is kept of
    a step that has failed, or was stopped, as long as the run may be resumed there."""
    handler: str | None = None
    """The path of the clause of `catch` that handles its error; None if none does."""
    orders: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """For a compensation: what people have ordered, and why."""
    frames: dict[str, str] = field(default_factory=dict)
    """For a loop: the iterations that are shown, with the frame of their keys."""

    @property
    def is_over(self) -> bool:
        """The run has gone on after it."""
        return self.state in _OVER

    def forget_attempts(self) -> None:
        """Show no more of attempts: there will be no other one."""
        self.last_error, self.next_attempt_at, self.breaker = None, None, None


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

    def renew(self, path: str) -> None:
        """Let a step begin anew. What people have ordered about it is kept."""
        self.steps[path] = StepProgress(orders=self.of(path).orders)

    def forget(self, path: str) -> None:
        """Show no more of a step: it will not run, or not as it did."""
        self.steps.pop(path, None)

    def tree(self, program: Program) -> list[dict[str, Any]]:
        """The steps in the order of the definition, as plain data; blocks and compensations nested. What stands in
        `catch`, `finally` and `on_failure` is shown once it was reached."""
        after = [node for node in (*program.on_failure, *program.finally_) if node.path in self.steps]
        return [self.show(node) for node in (*program.steps, *after)]

    def show(self, node: Node) -> dict[str, Any]:
        """Show one step, and what is inside it, as plain data."""
        step = self.steps.get(node.path, StepProgress())
        branch: dict[str, Any] = {
            "step": node.path,
            **({"key_path": node.key_path} if node.key_path != node.path else {}),
            "line": node.line,
            "kind": node.kind,
            "activity": node.activity,
            "state": step.state,
            "attempts": step.attempts,
            "started_at": _format_time(step.started_at),
            "ended_at": _format_time(step.ended_at),
            "error": step.error.to_json() if step.error else None,
        }
        if step.orders:
            branch["orders"] = step.orders
        if step.child is not None:
            branch["child"] = {"workflow_id": step.child}
        if "succeeded" in step.fields:
            branch.update(_describe_items(node, step))
        if step.state == "running":
            branch.update(_describe_wait(node, step))
        if inside := [*self._list_inside(node, step)]:
            branch["steps"] = [self.show(child) for child in inside]
        if node.compensation is not None and node.compensation.path in self.steps:
            branch["compensation"] = self.show(node.compensation)
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


def _describe_items(node: Node, step: StepProgress) -> dict[str, Any]:
    """How the items of a loop have ended; the last ones that have failed by name, and why."""
    failed: Any = step.resume.failed if isinstance(step.resume, ForEachState) else step.fields.get("failed")
    items: dict[str, Any] = {
        "succeeded": step.fields["succeeded"],
        "failed": step.failures,
        "failed_items": [_describe_failed_item(node, item) for item in (failed or ())[-SHOWN_ITEMS:]],
    }
    if step.total is not None:
        items["total"] = step.total
    return items


def _describe_failed_item(node: Node, item: dict[str, Any]) -> dict[str, Any]:
    name = item["index"] if item["key"] is None else item["key"]
    return {
        "step": f"{node.path}[{item['index']}]",
        "key_path": f"{node.key_path}[{name}]",
        "error": {name: item["error"][name] for name in ("type", "message")},  # details may be large
    }


def _describe_wait(node: Node, step: StepProgress) -> dict[str, Any]:
    """What it waits for: messages, a point in time, or which comes first; or its next attempt."""
    waiting: dict[str, Any] = {}
    if node.awaits:
        waiting["awaits"] = list(node.awaits)
    if (moment := get_wake_time(step.resume)) is not None:
        waiting["until"] = format_time(moment)
    if step.last_error is not None:
        waiting["last_error"] = step.last_error.to_json()
        if isinstance(step.resume, BlockState):
            waiting["attempts"] = step.resume.attempt
    if (moment := step.next_attempt_at or get_retry_time(step.resume)) is not None:
        waiting["next_attempt_at"] = format_time(moment)
    if step.breaker is not None:
        waiting["breaker"] = step.breaker
    return waiting


def _format_time(moment: datetime | None) -> str | None:
    return format_time(moment) if moment else None
