"""Rewind a run to where it can go on: each step is looked at once, from the outside in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dsl.expressions import Template
from dsl.model import (
    BLOCKS,
    BlockStep,
    ForEachStep,
    ParallelStep,
    RaceStep,
    RepeatStep,
    SetStep,
    SwitchStep,
    WaitStep,
    WaitUntilStep,
)
from interpreter.program.model import Node
from interpreter.program.paths import enclosing_loops, find_defined
from interpreter.resume.executed import has_calls, is_call
from interpreter.resume.items import reopen_items
from interpreter.resume.plan import Action, PlannedStep
from interpreter.state.journal import forget_step, show_not_reached
from interpreter.state.keys import idempotency_key
from interpreter.state.progress import State, StepProgress
from interpreter.state.run import Run
from interpreter.state.step_state import BlockState, BranchesState, ForEachState, SwitchState

STUCK = "its compensation has failed, and nobody knows whether what it has done is still there"


@dataclass(slots=True, eq=False)
class Rewinding:
    """Takes a run back, and writes down what becomes of each step."""

    run: Run
    """The run at the moment to go on from. It is changed in place."""
    undone: frozenset[str]
    """The paths of the steps whose effects were undone after that moment."""
    steps: list[PlannedStep] = field(default_factory=list[PlannedStep])
    refused: list[str] = field(default_factory=list[str])
    kept: list[Node] = field(default_factory=list[Node])
    """The steps that are over, and stay so."""
    opened: list[Node] = field(default_factory=list[Node])
    """The blocks that go on."""
    changed: list[Node] = field(default_factory=list[Node])
    """The steps whose result will be another one: they have another effect, or something inside them has."""
    cleaned_up: list[Node] = field(default_factory=list[Node])
    """The blocks that go on with what is kept inside them, although their `finally` has called something."""
    marked: frozenset[str] = frozenset()
    """The paths of what was undone, and of the loops around it."""

    def rewind(self) -> None:
        """Take the run back."""
        self.marked = self.undone.union(*map(enclosing_loops, self.undone))
        self._refuse_returned()
        self._rewind_all(self.run.program.steps)
        self.run.saga.undos = [undo for undo in self.run.saga.undos if undo.node.path not in self.undone]

    def _refuse_returned(self) -> None:
        for path, step in self.run.progress.steps.items():
            node = find_defined(self.run.program, path)
            if node is not None and node.kind == "return" and step.state == "completed":
                self._refuse(node, "the run had come to this step, which ends it")

    def _rewind_all(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            self._rewind_step(node)

    def _rewind_step(self, node: Node) -> None:
        progress = self.run.progress.steps.get(node.path)
        if progress is None:
            self._plan(node, "not_reached", "pending")
        elif node.path in self.undone:
            self._run_anew(node, progress, "it was undone")
        elif self._is_stuck(node, progress):
            self._refuse(node, STUCK)
        elif not progress.is_over:
            self._rewind_open(node, progress)
        elif self._holds_undone(node):
            self._rewind_ended(node, progress)
        else:
            self._keep(node, progress)

    def _is_stuck(self, node: Node, progress: StepProgress) -> bool:
        """Whether a step counts although it could not be undone before it was decided how the run ends.

        After an error that was caught the run has gone on without the step: that is no news.
        """
        counts = progress.state == "completed" or not progress.is_over
        return counts and any(undo.stuck and undo.node.path == node.path for undo in self.run.saga.undos)

    def _holds_undone(self, node: Node) -> bool:
        return any(each.path in self.marked for each in node.walk())

    def _keep(self, node: Node, progress: StepProgress) -> None:
        self.kept.append(node)
        self._plan(node, "keep", progress.state)

    # A step that is over, and inside of which something was undone.

    def _rewind_ended(self, node: Node, progress: StepProgress) -> None:
        match node.step:
            case _ if progress.state != "completed":
                self._run_anew(node, progress, "something that its error handling has done was undone")
            case RepeatStep():
                self._refuse_iterations(node)
            case ForEachStep() as step:
                self._run_loop_anew(node, step, progress)
            case RaceStep():
                self._run_anew(node, progress, "what its winner has done was undone")
            case _:
                if isinstance(node.step, SwitchStep):
                    progress.resume = SwitchState(self._find_case(node))
                self.changed.append(node)
                self._go_on(node, progress)

    def _run_loop_anew(self, node: Node, step: ForEachStep, progress: StepProgress) -> None:
        """Begin a loop anew. Without keys its items go by their numbers, so they must be the same items."""
        is_known = isinstance(step.for_each, Template) and step.for_each.roots <= {"input"}
        if step.key_ is None and not is_known:
            self._refuse(
                node,
                "steps of its items were undone, and its items may be others now; only a loop with a key can "
                "begin anew then",
            )
        self._run_anew(node, progress, "steps of its items were undone")

    def _refuse_iterations(self, node: Node) -> None:
        self._refuse(node, "steps of its ended iterations were undone, and a repeat can't begin anew")

    def _run_anew(self, node: Node, progress: StepProgress, why: str) -> None:
        for each in node.walk():
            if (
                isinstance(each.step, SetStep)
                and self._may_have_ended(node, each)
                and _reads_variables(each.step)
            ):
                self._refuse(
                    node, f"it would set variables a second time, from what they are now ({each.path})"
                )
        if node.path not in self.undone:
            for stuck in self.run.saga.list_stuck(node):
                self._refuse(stuck, STUCK)
        self.changed.append(node)
        forget_step(self.run, node)
        self._plan(node, "run_anew", progress.state, why)

    # A step that is not over: it has failed, was stopped, or had not ended.

    def _rewind_open(self, node: Node, progress: StepProgress) -> None:
        if progress.handler is not None:
            self._refuse(node, f"it was handling its error ({progress.handler}), and a run can't go on there")
        elif isinstance(node.step, BLOCKS) and self._has_begun(node, progress):
            self._rewind_block(node, progress)
        else:
            self._run_again(node, progress)

    def _run_again(self, node: Node, progress: StepProgress) -> None:
        forget_step(self.run, node)
        if isinstance(node.step, WaitStep | WaitUntilStep) and progress.resume is not None:
            self.run.progress.of(node.path).resume = progress.resume  # it waits until the same moment
        self._plan(node, "run_again", progress.state)

    def _rewind_block(self, node: Node, progress: StepProgress) -> None:
        failed, state = progress.state == "failed", progress.resume
        match node.step:
            case BlockStep() if isinstance(state, BlockState) and state.is_undone:
                self._run_anew(node, progress, "what is inside it was undone, to be tried again")
                return
            case BlockStep() if failed:
                progress.resume = None  # all its attempts are there again
            case ParallelStep() if isinstance(state, BranchesState):
                dirty = self._list_dirty_branches(node)
                state.ended = [e for e in state.ended if e.failure is None and e.branch not in dirty]
            case RaceStep() if isinstance(state, BranchesState):
                self._rewind_race(node, state, failed=failed)
            case ForEachStep() as step if isinstance(state, ForEachState):
                if self._has_left_iterations(node, progress):
                    self._run_loop_anew(node, step, progress)
                    return
                self._reopen_items(node, step, state, failed=failed)
            case RepeatStep() if self._has_left_iterations(node, progress):
                self._refuse_iterations(node)
            case _:
                pass
        self._go_on(node, progress)

    def _rewind_race(self, node: Node, state: BranchesState, *, failed: bool) -> None:
        if any(end.failure is None for end in state.ended):
            self._refuse(node, "a branch had won, and what the others had done was being undone")
        dirty = self._list_dirty_branches(node)
        state.ended = [] if failed else [end for end in state.ended if end.branch not in dirty]

    def _reopen_items(self, node: Node, step: ForEachStep, state: ForEachState, *, failed: bool) -> None:
        if not failed:
            return
        has_letters = node.dead_letter is not None
        if why := reopen_items(step, state, has_letters=has_letters):
            self._refuse(node, why)
        frames = self.run.progress.of(node.path).frames
        anew = [number for number in state.open if f"{node.path}[{number}]/" not in frames]
        for each in node.walk():
            if anew and isinstance(each.step, SetStep) and _reads_variables(each.step):
                self._refuse(node, f"its items would set variables a second time ({each.path})")

    def _list_dirty_branches(self, node: Node) -> list[str]:
        return [each.name for each in node.branches if any(map(self._holds_undone, each.steps))]

    def _has_left_iterations(self, node: Node, progress: StepProgress) -> bool:
        """Whether something was undone in an iteration that is over."""
        inside = [path for path in self.undone if path.startswith(f"{node.path}[")]
        return any(not path.startswith(tuple(progress.frames)) for path in inside)

    # What becomes of a step, written down.

    def _go_on(self, node: Node, progress: StepProgress) -> None:
        """Let a block go on with what is inside it; its `finally` runs again when it is left."""
        self._plan(node, "go_on", progress.state)
        cleaned_up = any(
            is_call(each) and self._has_run(each) for last in node.finally_ for each in last.walk()
        )
        for last in node.finally_:
            forget_step(self.run, last)
        show_not_reached(self.run, node)
        progress.state, progress.error, progress.ended_at = "pending", None, None
        self.opened.append(node)
        before = len(self.kept)
        self._rewind_all(self._list_parts(node, progress))
        if cleaned_up and has_calls(self.run, self.kept[before:]):
            self.cleaned_up.append(node)

    def _plan(self, node: Node, action: Action, was: State, why: str = "") -> None:
        key = idempotency_key(self.run, node) if is_call(node) else None
        self.steps.append(PlannedStep(node.path, node.kind, action, was, key, why))

    def _refuse(self, node: Node, why: str) -> None:
        self.refused.append(f"{node.path}: {why}")

    # What is known of the steps inside one.

    def _list_parts(self, node: Node, progress: StepProgress) -> Sequence[Node]:
        if node.is_loop:
            return [step.in_frame(*names) for names in progress.frames.items() for step in node.body]
        if isinstance(progress.resume, SwitchState):
            return () if progress.resume.case is None else node.branches[progress.resume.case].steps
        return tuple(node.parts)

    def _has_begun(self, node: Node, progress: StepProgress) -> bool:
        return progress.resume is not None or any(self._has_run(each) for each in node.parts)

    def _find_case(self, node: Node) -> int | None:
        ran = [i for i, case in enumerate(node.branches) if any(map(self._has_run, case.steps))]
        return ran[0] if ran else None

    def _has_run(self, node: Node) -> bool:
        return node.path in self.run.progress.steps

    def _is_over(self, node: Node) -> bool:
        return self._has_run(node) and self.run.progress.of(node.path).is_over

    def _may_have_ended(self, around: Node, node: Node) -> bool:
        """Whether a step has ended; of those in iterations that are over nobody knows it."""
        return self._is_over(node) or any(each.is_loop for each in around.walk())


def _reads_variables(step: SetStep) -> bool:
    return any("vars" in value.roots for value in step.set.values())
