"""`parallel`: run branches at the same time."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import ParallelStep
from interpreter.concurrency.shield import shield
from interpreter.failure.failure import Outcome
from interpreter.flow.branches import Branches
from interpreter.flow.task_group import BranchOutcome
from interpreter.modifiers.undo import undo_all
from interpreter.state.context import StepContext


async def perform(context: StepContext, step: ParallelStep) -> JsonValue:
    """Run all branches; whatever happens, none runs any more when this ends.

    Raises:
        StepFailed: a branch has failed; with several, the first. The others are reported with the run.
        Returned: a branch has ended the run. What was on its way in the others, and may have happened, is undone.
    """
    run, node, branches = context.run, context.node, Branches(context)

    def decides(outcome: BranchOutcome) -> bool:
        is_fatal = outcome.failed is not None and step.on_branch_failure == "cancel"
        return outcome.returned is not None or is_fatal

    decided = await branches.run_all(decides)
    if decided is not None and decided.returned is not None:
        run.further_errors.add(*(each.failure for each in branches.failures))
        await shield(undo_all(run, context.machine, {node.path}, Outcome.UNKNOWN))
        raise decided.returned
    if branches.failures:
        run.further_errors.add(*(each.failure for each in branches.failures[1:]))
        raise branches.failures[0]
    if step.result is not None:
        return context.evaluate(step.result, "result")
    return {branch.name: branches.results[branch.name] for branch in node.branches}
