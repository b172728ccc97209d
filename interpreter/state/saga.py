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
*stuck*: a block around it is not tried again, and the run reports it. Only somebody who orders so lets it be tried
again, while the run undoes others (`interpreter.state.compensation_orders`).

**Left by a child.** A child workflow undoes itself when it fails. If it could not undo all, or had come to its own
pivot, something is left, and the compensation of its step is due. A step that has none keeps what is *left* here
instead. When it is its turn to be undone, it is taken, and is reported like what is stuck.

`interpreter.modifiers.compensate` registers and settles, `interpreter.modifiers.undo` carries out what is due;
docs/explanation/undoing.md shows it as a picture.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from dsl.model import BLOCKS, After, CompensationCommon
from interpreter.concurrency.wait_queue import WaitQueue
from interpreter.effects import ActivityCall, ChildCall
from interpreter.failure.failure import Failure, Outcome
from interpreter.program.model import Node
from interpreter.state.compensation_orders import CompensationOrder
from interpreter.state.report import CompensationReport
from interpreter.state.scope import Scope

_DUE_AFTER: dict[After, frozenset[Outcome]] = {
    "completed": frozenset({Outcome.COMPLETED}),
    "unknown": frozenset({Outcome.COMPLETED, Outcome.UNKNOWN}),
    "attempted": frozenset({Outcome.COMPLETED, Outcome.UNKNOWN, Outcome.FAILED}),
}


Prepared = ActivityCall | ChildCall | Scope | Failure
"""For an activity or a child the call with its arguments; for a block what it sees; or why neither is to be had."""


class UndoStage(Enum):
    """How far the undoing of one step has come, in the words that people are told."""

    NOT_BEGUN = "is not being undone"
    WAITING = "waits for its turn to be undone"
    UNDOING = "is being undone"
    FAILING = "could not be undone, and that is being kept as a dead letter"
    UNDONE = "is undone"
    NOT_UNDONE = "could not be undone"


class Stoppable(Protocol):
    """What can be asked to stop: the compensation that runs now."""

    def stop(self) -> None:
        """Ask it to stop. It settles before it ends, and it may succeed all the same."""
        ...


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
    stage: UndoStage = UndoStage.NOT_BEGUN
    taken: Prepared | None = None
    """What was prepared, from its turn on. It stays until the step is undone, so that it can be tried again."""
    attempts: int = 0
    """How often it was begun in this run."""
    attempt: Stoppable | None = None
    """The compensation, while it runs."""
    order: CompensationOrder | None = None
    """What somebody wants to be done about it, as long as that is not done."""
    order_done: WaitQueue = field(default_factory=WaitQueue)
    """Notified when an order was carried out."""
    report: CompensationReport | None = None
    """How it has ended; None as long as it has not."""

    @property
    def stuck(self) -> bool:
        """Whether it was to be undone, and could not be."""
        return self.stage is UndoStage.NOT_UNDONE

    def carry_out_order(self) -> None:
        """Note that nothing of an order is left to be done."""
        self.order = None
        self.order_done.notify_all()

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
        return _is_due_after(outcome, self.node, self.compensation)


def _is_due_after(outcome: Outcome, node: Node, compensation: Node) -> bool:
    step = compensation.step
    assert isinstance(step, CompensationCommon)
    return outcome in _DUE_AFTER["completed" if isinstance(node.step, BLOCKS) else step.after]


@dataclass(slots=True, eq=False)
class Left:
    """What a child has left, although it was to undo itself, and which nothing undoes."""

    node: Node
    """The step of the child."""
    inside: tuple[str, ...]
    """The blocks around the step."""
    failure: Failure
    """Why the child has failed."""
    key: str
    """The idempotency key of the step. Under the next one it is another effect."""
    is_due: bool = True
    """Whether it is reported when it is its turn to be undone; nothing else undoes it then."""
    taken: bool = False
    """Whether its turn to be undone has come, and it was reported."""

    @property
    def matters(self) -> bool:
        """Whether it is to be reported, or was, also if its step can't run again under this key."""
        return self.is_due or self.taken

    def is_within(self, within: Collection[str] | None) -> bool:
        """Whether its step is inside these paths, or has one of them."""
        return _is_within(self.node, self.inside, within)


class Undoing(Protocol):
    """Several steps are being undone, in turn or together."""

    def try_again(self, undo: Undo) -> None:
        """Undo a step that could not be undone, before this undoing ends."""
        ...


@dataclass(slots=True)
class Saga:
    """The compensations of a run, in order of the start of their steps."""

    undos: list[Undo] = field(default_factory=list)
    under_way: dict[Undo, None] = field(default_factory=dict["Undo", None])
    """What was taken and is not over, in the order in which it is undone."""
    undoings: list[Undoing] = field(default_factory=list["Undoing"])
    """The undoings that go on: of the run, or of parts of it."""
    left: list[Left] = field(default_factory=list[Left])
    """What children have left, in the order in which they have failed."""
    pivot: str | None = None
    """The step after which nothing is undone any more, once it has completed."""

    @property
    def has_stuck(self) -> bool:
        """Whether something that was to be undone is not undone."""
        return any(undo.stuck for undo in self.undos) or any(left.taken for left in self.left)

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

    def note_left(self, node: Node, scope: Scope, failure: Failure, key: str) -> None:
        """Note what a child has left.

        It is due unless its step has a compensation for it, or nothing is undone any more. What cleans up, such as
        the steps of `finally`, is never undone.
        """
        compensation = node.compensation
        is_undone = compensation is not None and _is_due_after(Outcome.UNKNOWN, node, compensation)
        is_due = self.pivot is None and not scope.must_finish and not is_undone
        self.left.append(Left(node, scope.inside, failure, key, is_due))

    def is_left(self, key: str) -> bool:
        """Whether a child has left something under a key."""
        return any(left.key == key for left in self.left)

    def forget_left(self, key: str) -> None:
        """Forget what a child has left: another one that went on under its key tells what is to be known now."""
        self.left = [left for left in self.left if left.key != key]

    def leave(self, iteration: str) -> None:
        """Forget what only matters if a step runs again, of the steps of an iteration that is over."""
        if self.left:
            self.left = [left for left in self.left if left.matters or not left.is_within({iteration})]

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
        for left in self.left:
            if block is None or block.path in left.inside:
                left.is_due = False
        return dropped

    def is_due(self, node: Node) -> bool:
        """Whether a step, or something inside it, is to be undone."""
        return any(undo.prepared for undo in self._of(node))

    def is_stuck(self, node: Node) -> bool:
        """Whether a step, or something inside it, could not be undone."""
        return bool(self.list_stuck(node))

    def list_stuck(self, node: Node) -> list[Node]:
        """List a step and those inside it, as far as they could not be undone."""
        return [undo.node for undo in self._of(node) if undo.stuck]

    def has_left(self, node: Node) -> bool:
        """Whether a child inside a block has left something, and its turn to be undone has come."""
        return any(left.taken and node.path in left.inside for left in self.left)

    def sees(self, frame: str) -> bool:
        """Whether what undoes something may look at the steps of an iteration."""
        seen = (undo.prepared or (undo.taken if undo.stuck else None) for undo in self.undos)
        return any(isinstance(each, Scope) and each.frame == frame for each in seen)

    def take(self, within: Collection[str] | None = None, outcome: Outcome | None = None) -> list[Undo]:
        """What is to be undone now, in reverse order of start. What was taken is never due again.

        Args:
            within: Only what is inside these, or is one of them: paths of steps, branches, iterations.
            outcome: Only steps that have ended so.
        """
        due = [
            undo
            for undo in reversed(self.undos)
            if undo.prepared
            and _is_within(undo.node, undo.inside, within)
            and (outcome is None or undo.outcome is outcome)
        ]
        for undo in due:
            undo.taken, undo.prepared = undo.prepared, None
            self.put_under_way(undo)
        return due

    def take_left(self, within: Collection[str] | None = None, outcome: Outcome | None = None) -> list[Left]:
        """What children have left, and would be to be undone now. The arguments are those of `take`."""
        if outcome not in (None, Outcome.UNKNOWN):
            return []
        due = [left for left in self.left if left.is_due and left.is_within(within)]
        for left in due:
            left.is_due, left.taken = False, True
        return due

    def put_under_way(self, undo: Undo) -> None:
        """Note that something waits for its turn to be undone."""
        undo.stage = UndoStage.WAITING
        self.under_way[undo] = None

    def end(self, undo: Undo, *, undone: bool) -> None:
        """Note how the undoing of a step has ended."""
        undo.stage = UndoStage.UNDONE if undone else UndoStage.NOT_UNDONE
        if undone:
            undo.taken = None
            self.left = [left for left in self.left if left.matters or not left.is_within({undo.node.path})]
        del self.under_way[undo]

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


def _is_within(node: Node, inside: tuple[str, ...], within: Collection[str] | None) -> bool:
    return within is None or node.path in within or any(path in within for path in inside)
