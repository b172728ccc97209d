"""Which steps are to be undone, and with what: the compensations of a run, as plain data.

A compensation is registered before its step starts, because a step whose outcome is not known (timeout, cancel,
lost worker) may have done its work (Temporal's Java samples do the same). When the step ends it is settled:
kept with its arguments, or dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from dsl.model import ActivityCompensation, After, BlockCompensation, BlockStep
from interpreter.effects import ActivityCall
from interpreter.failure import Failure, Outcome
from interpreter.program import Node
from interpreter.scope import Scope

_DUE_AFTER: dict[After, frozenset[Outcome]] = {
    "completed": frozenset({Outcome.COMPLETED}),
    "unknown": frozenset({Outcome.COMPLETED, Outcome.UNKNOWN}),
    "attempted": frozenset({Outcome.COMPLETED, Outcome.UNKNOWN, Outcome.FAILED}),
}


class Stage(Enum):
    """How far a compensation has come."""

    REGISTERED = "registered"
    DUE = "due"
    DROPPED = "dropped"


@dataclass(slots=True, eq=False)
class Undo:
    """How one step is undone."""

    node: Node
    """The step; `node.compensation` undoes it."""
    inside: tuple[str, ...]
    stage: Stage = Stage.REGISTERED
    prepared: ActivityCall | Scope | Failure | None = None
    """For an activity the call, its arguments evaluated; for a block what it sees; or why neither is to be had."""


@dataclass(slots=True)
class Saga:
    """The compensations of a run, in order of the start of their steps."""

    undos: list[Undo] = field(default_factory=list)

    def register(self, node: Node, scope: Scope) -> Undo:
        """Note a step that is about to start."""
        undo = Undo(node, scope.inside)
        self.undos.append(undo)
        return undo

    def settle(self, undo: Undo, outcome: Outcome) -> bool:
        """Keep or drop a compensation now that the outcome of its step is known.

        A completed block that has its own compensation takes the place of those inside it; one that has not
        completed leaves the undoing to them.
        """
        due = outcome in _DUE_AFTER[_after(undo.node)]
        undo.stage = Stage.DUE if due else Stage.DROPPED
        if due:
            self._drop_inside(undo.node.path)
        return due

    def due(self) -> list[Undo]:
        """What is to be undone now, in reverse order of start."""
        return [undo for undo in reversed(self.undos) if undo.stage is Stage.DUE]

    def _drop_inside(self, block: str) -> None:
        for undo in self.undos:
            if block in undo.inside:
                undo.stage = Stage.DROPPED


def _after(node: Node) -> After:
    compensation = None if node.compensation is None else node.compensation.step
    assert isinstance(compensation, ActivityCompensation | BlockCompensation)
    return "completed" if isinstance(node.step, BlockStep) else compensation.after
