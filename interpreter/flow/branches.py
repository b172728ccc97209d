"""The branches of a `parallel` or a `race`: what they have in common, also over several runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from dsl.expressions import JsonValue
from interpreter.failure.failure import StepFailed
from interpreter.flow.task_group import BranchOutcome, Work, run_task_group
from interpreter.program.model import Branch, Node
from interpreter.state.context import StepContext
from interpreter.state.scope import Scope
from interpreter.state.step_state import BranchEnd, BranchesState


def branch_path(node: Node, branch: Branch) -> str:
    """The path of a branch; what is inside it has that in `Scope.inside`."""
    return f"{node.path}.{branch.name}"


@dataclass(slots=True, eq=False)
class Branches:
    """The branches of one step, and how they have ended: in this run, or in one before it."""

    context: StepContext
    results: dict[str, JsonValue] = field(default_factory=dict)
    """The results of the branches that have completed, in the order in which they have."""
    failures: list[StepFailed] = field(default_factory=list)
    """The failures of the others, the first one first."""

    async def run_all(self, decides: Callable[[BranchOutcome], bool]) -> BranchOutcome | None:
        """Run what has not ended yet, until all have ended.

        Args:
            decides: Is told how each branch has ended; whether that decides, so that the others are cancelled.

        Returns:
            The outcome that has decided; None if none has.

        Raises:
            asyncio.CancelledError: the scope around the step was cancelled.
        """
        progress = self.context.progress
        state = progress.resume
        if not isinstance(state, BranchesState):
            state = progress.resume = BranchesState()
        for end in state.ended:
            self._add(end)
        over = [end.branch for end in state.ended]
        left = [branch for branch in self.context.node.branches if branch.name not in over]

        def note(outcome: BranchOutcome) -> bool:
            name = left[outcome.number].name
            if outcome.failed is not None:
                state.ended.append(BranchEnd(name, failure=outcome.failed.failure))
                self.failures.append(outcome.failed)
            elif outcome.completed:
                state.ended.append(BranchEnd(name, outcome.result))
                self.results[name] = outcome.result
            return decides(outcome)

        works = [self._build_work(each) for each in left]
        scope = self.context.scope.enter(self.context.node.path)
        return await run_task_group(self.context.run, scope, works, note)

    def _add(self, end: BranchEnd) -> None:
        if end.failure is not None:
            self.failures.append(StepFailed(end.failure))
        else:
            self.results[end.branch] = end.result

    def _build_work(self, branch: Branch) -> Work:
        def work(scope: Scope) -> Awaitable[JsonValue]:
            inside = scope.enter(branch_path(self.context.node, branch))
            return self.context.run_steps(branch.steps, inside)

        return work
