"""Which steps are to be undone, and with what: the compensations of a run, as plain data.

**A step is registered before it starts.** A step whose outcome is not known (it timed out, was cancelled, or its
worker was lost) may have done its work. If it were registered when it has completed, it would never be undone.
Temporal's Java samples do the same.

**It is settled when it ends.** What is known of its effect then is its `Outcome`: completed, failed with an error
of its own, unknown, or not started. `compensate.after` says after which of these it is undone (`_DUE_AFTER`). A
step that is not to be undone is dropped; the others are *prepared*: the arguments of the compensation are evaluated
now, because what they read may change later. A compensation by `steps` keeps what it sees instead. Arguments that
can't be computed keep the failure, which is reported when it is the step's turn.

**Blocks nest.** What is inside a block is registered by itself. When the block has completed and has a compensation
of its own, that takes the place of those inside it (`drop`). While the block has not completed, those inside it
count. So an entry knows the paths of the blocks around it, and one question serves all uses: which entries are
inside these paths? The run asks for all of them; a block that is tried again, a `catch` with `compensate`, and the
losers of a race ask for their own part (`take`).

**The pivot.** When a step with `pivot: true` has completed, everything that is registered is dropped, and nothing
is registered as due any more: from there on the run can only go forward.

**Taken once.** What was taken is never due again, whether it was undone or not. What could not be undone is
*stuck*: a block around it is not tried again, and the run reports it.

`interpreter.modifiers.compensate` carries this out; docs/explanation/undoing.md shows it as a picture.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from dsl.model import BLOCKS, After, CompensationCommon
from interpreter.effects import ActivityCall, ChildCall
from interpreter.failure.failure import Failure, Outcome
from interpreter.program.model import Node
from interpreter.state.scope import Scope

_DUE_AFTER: dict[After, frozenset[Outcome]] = {
    "completed": frozenset({Outcome.COMPLETED}),
    "unknown": frozenset({Outcome.COMPLETED, Outcome.UNKNOWN}),
    "attempted": frozenset({Outcome.COMPLETED, Outcome.UNKNOWN, Outcome.FAILED}),
}


Prepared = ActivityCall | ChildCall | Scope | Failure
"""For an activity or a child the call with its arguments; for a block what it sees; or why neither is to be had."""


@dataclass(slots=True, eq=False)
class Undo:
    """How one step is undone."""

    node: Node
    """The step."""
    compensation: Node
    """What undoes it."""
    inside: tuple[str, ...]
    """The blocks around the step."""
    prepared: Prepared | None = None
    """None while the step runs, and when nothing is to be undone (any more)."""
    outcome: Outcome | None = None
    """The outcome of the step; None while it runs."""
    stuck: bool = False
    """It was to be undone, and could not be."""

    @property
    def is_open(self) -> bool:
        """Whether the step runs, or is to be undone if the run fails."""
        return self.outcome is None or self.prepared is not None

    @property
    def matters(self) -> bool:
        """Whether it is still to be decided about, or to be undone, or keeps a block from being tried again."""
        return self.is_open or self.stuck

    def due_after(self, outcome: Outcome) -> bool:
        """Whether it has to run when the step has ended so, and the run fails."""
        step = self.compensation.step
        assert isinstance(step, CompensationCommon)
        return outcome in _DUE_AFTER["completed" if isinstance(self.node.step, BLOCKS) else step.after]


@dataclass(slots=True)
class Saga:
    """The compensations of a run, in order of the start of their steps."""

    undos: list[Undo] = field(default_factory=list)
    under_way: dict[Undo, None] = field(default_factory=dict["Undo", None])
    """What was taken and is not over, in the order in which it is undone."""
    pivot: str | None = None
    """The step after which nothing is undone any more, once it has completed."""

    def reopen(self, node: Node) -> Undo | None:
        """Find the registration of a step that had begun in a run before this one, and runs now.

        If the step had ended, and its effect was not undone, the run was resumed, and the step runs again under the
        same key. It is the same effect, so it is undone once.
        """
        for undo in self.undos:
            if undo.node.path == node.path and (undo.outcome is None or undo.prepared):
                undo.outcome = undo.prepared = None
                return undo
        return None

    def register(self, node: Node, compensation: Node, scope: Scope) -> Undo:
        """Note a step that is about to start."""
        undo = Undo(node, compensation, scope.inside)
        self.undos.append(undo)
        return undo

    def drop(self, block: Node | None = None) -> list[Undo]:
        """Forget what is registered, or what is inside a block; the compensations that will not run now.

        A completed block's own compensation takes the place of those inside it. A block that has not completed
        leaves the undoing to them.
        """
        dropped = [
            undo for undo in self.undos if undo.prepared and (block is None or block.path in undo.inside)
        ]
        for undo in dropped:
            undo.prepared = None
        return dropped

    def is_due(self, node: Node) -> bool:
        """Whether a step, or something inside it, is to be undone."""
        return any(undo.prepared for undo in self._of(node))

    def is_stuck(self, node: Node) -> bool:
        """Whether a step, or something inside it, could not be undone."""
        return any(undo.stuck for undo in self._of(node))

    def sees(self, frame: str) -> bool:
        """Whether what undoes something may look at the steps of an iteration."""
        return any(isinstance(undo.prepared, Scope) and undo.prepared.frame == frame for undo in self.undos)

    def take(
        self, within: Collection[str] | None = None, outcome: Outcome | None = None
    ) -> list[tuple[Undo, Prepared]]:
        """What is to be undone now, in reverse order of start. What was taken is never due again.

        Args:
            within: Only what is inside these, or is one of them: paths of steps, branches, iterations.
            outcome: Only steps that have ended so.
        """
        due = [
            (undo, undo.prepared)
            for undo in reversed(self.undos)
            if undo.prepared
            and (within is None or undo.node.path in within or any(path in within for path in undo.inside))
            and (outcome is None or undo.outcome is outcome)
        ]
        for undo, _ in due:
            undo.prepared = None
            self.under_way[undo] = None
        return due

    def list_left(self) -> list[Undo]:
        """What is being undone, or would be if the run failed now, in this order.

        A step that runs is among it, because it may do its work yet.
        """
        return [*self.under_way, *(undo for undo in reversed(self.undos) if self._is_left(undo))]

    def _is_left(self, undo: Undo) -> bool:
        if undo.outcome is not None:
            return undo.prepared is not None
        # What is inside a block that runs is registered by itself.
        return self.pivot is None and not isinstance(undo.node.step, BLOCKS)

    def _of(self, node: Node) -> list[Undo]:
        return [undo for undo in self.undos if undo.node.path == node.path or node.path in undo.inside]
