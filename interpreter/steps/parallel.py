"""`parallel`: run branches at the same time."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import ParallelStep
from interpreter.concurrency.shield import shielded
from interpreter.failure.failure import Outcome
from interpreter.flow.branches import Branches
from interpreter.flow.task_group import End
from interpreter.modifiers.compensate import undo_all
from interpreter.program.model import Node
from interpreter.state.machine_port import Machine
from interpreter.state.run import Run
from interpreter.state.scope import Scope


async def perform(run: Run, node: Node, step: ParallelStep, scope: Scope, machine: Machine) -> JsonValue:
    """Run all branches; whatever happens, none runs any more when this ends.

    Raises:
        StepFailed: a branch has failed; with several, the first. The others are reported with the run.
        Returned: a branch has ended the run. What was on its way in the others, and may have happened, is undone.
    """
    branches = Branches(run, node, machine)

    def decides(end: End) -> bool:
        return end.returned is not None or (end.failed is not None and step.on_branch_failure == "cancel")

    decided = await branches.settled(scope, decides)
    if decided is not None and decided.returned is not None:
        run.further.add(*(each.failure for each in branches.failures))
        await shielded(undo_all(run, machine.perform, {node.path}, Outcome.UNKNOWN))
        raise decided.returned
    if branches.failures:
        run.further.add(*(each.failure for each in branches.failures[1:]))
        raise branches.failures[0]
    if step.result is not None:
        return run.evaluate(step.result, scope, f"{node.path}: result")
    return {branch.name: branches.results[branch.name] for branch in node.branches}
