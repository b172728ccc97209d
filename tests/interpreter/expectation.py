"""What a run must undo, worked out from what its activities did and not from what the core thought of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dsl.model import ActivityStep, BlockStep
from interpreter.program.model import Node
from tests.interpreter.recording import Record

_DUE = {
    "completed": {"completed"},
    "unknown": {"completed", "unknown", "cancelled"},
    "attempted": {"completed", "unknown", "cancelled", "failed"},
}
"""`after` of a compensation → how the call of its step ended."""


@dataclass(frozen=True)
class Expectation:
    """The steps that must be undone, in this order."""

    record: Record
    undone: list[Node]

    @staticmethod
    def of(record: Record) -> Expectation:
        """What the record asks for."""
        saga = record.program.definition.saga
        ignored = record.status == "cancelled" and saga.on_cancel == "ignore"
        if ignored or not (record.was_failing or record.status == "cancelled"):
            return Expectation(record, [])
        ended = {
            e.path: e.kind for e in record.events if e.kind in ("completed", "unknown", "failed", "cancelled")
        }
        started = _due(record.program.steps, ended, states(record))
        return Expectation(record, started[::-1])


def states(record: Record) -> dict[str, dict[str, Any]]:
    """Path → what `status` says of the step."""
    found: dict[str, dict[str, Any]] = {}
    pending = list(record.snapshot["steps"])
    while pending:
        step = pending.pop()
        found[step["step"]] = step
        pending += step.get("steps", [])
        pending += [step["compensation"]] if "compensation" in step else []
    return found


def _due(nodes: tuple[Node, ...], ended: dict[str, str], states: dict[str, dict[str, Any]]) -> list[Node]:
    """The steps to be undone, in the order of their start, which is that of the definition."""
    due: list[Node] = []
    for node in nodes:
        inside = _due(node.body, ended, states)
        match node.step:
            case ActivityStep() if node.compensation is not None:
                after = node.step.compensate.after  # type: ignore[union-attr]
                due += [node] if ended.get(node.path) in _DUE[after] else []
            case BlockStep() if node.compensation is not None and _has_completed(node, states):
                due.append(node)
            case _:
                due += inside
    return due


def _has_completed(block: Node, states: dict[str, dict[str, Any]]) -> bool:
    """All inside it has, whatever became of the block: its deadline may have passed meanwhile."""
    inside = [states[child.path]["state"] for child in block.body]
    left = any(node.kind == "return" and states[node.path]["state"] == "completed" for node in block.walk())
    return all(state in ("completed", "skipped") for state in inside) and not left
