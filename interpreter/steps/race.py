"""`race`: run branches at the same time until one has completed."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import RaceStep
from interpreter.concurrency.shield import shield
from interpreter.failure.failure import Outcome
from interpreter.flow.branches import Branches, branch_path
from interpreter.flow.task_group import BranchOutcome
from interpreter.modifiers.undo import undo_all
from interpreter.state.context import StepContext


async def perform(context: StepContext, step: RaceStep) -> JsonValue:
    """Run all branches; when one has completed, cancel the others and undo what they had done.

    Raises:
        StepFailed: all branches have failed; it is the first failure. The others are reported with the run.
        Returned: a branch has ended the run. What was on its way in the others, and may have happened, is undone.
    """
    run, node, branches = context.run, context.node, Branches(context)

    def decides(outcome: BranchOutcome) -> bool:
        return outcome.completed or outcome.returned is not None

    decided = await branches.run_all(decides)
    if decided is None:
        run.further_errors.add(*(each.failure for each in branches.failures[1:]))
        raise branches.failures[0]
    if decided.returned is not None:
        await shield(undo_all(run, context.machine, {node.path}, Outcome.UNKNOWN))
        raise decided.returned
    winner = next(iter(branches.results))
    losers = {branch_path(node, branch) for branch in node.branches if branch.name != winner}
    await shield(undo_all(run, context.machine, losers))
    context.scope.cancel_scope.raise_if_cancelled()
    if step.result is not None:
        return context.evaluate(step.result, "result")
    return {"winner": winner, "result": branches.results[winner]}
