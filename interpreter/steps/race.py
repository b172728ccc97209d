"""`race`: run branches at the same time until one has completed."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import RaceStep
from interpreter.concurrency.shield import shielded
from interpreter.failure.failure import Outcome
from interpreter.flow.branches import Branches, path_of
from interpreter.flow.task_group import End
from interpreter.modifiers.compensate import undo_all
from interpreter.program.model import Node
from interpreter.state.machine_port import Machine
from interpreter.state.run import Run
from interpreter.state.scope import Scope


async def perform(run: Run, node: Node, step: RaceStep, scope: Scope, machine: Machine) -> JsonValue:
    """Run all branches; when one has completed, cancel the others and undo what they had done.

    Raises:
        StepFailed: all branches have failed; it is the first failure. The others are reported with the run.
        Returned: a branch has ended the run. What was on its way in the others, and may have happened, is undone.
    """
    branches = Branches(run, node, machine)

    def decides(end: End) -> bool:
        return end.completed or end.returned is not None

    decided = await branches.settled(scope, decides)
    if decided is None:
        run.further.add(*(each.failure for each in branches.failures[1:]))
        raise branches.failures[0]
    if decided.returned is not None:
        await shielded(undo_all(run, machine.perform, {node.path}, Outcome.UNKNOWN))
        raise decided.returned
    winner = next(iter(branches.results))
    losers = {path_of(node, branch) for branch in node.branches if branch.name != winner}
    await shielded(undo_all(run, machine.perform, losers))
    scope.stop.check()
    if step.result is not None:
        return run.evaluate(step.result, scope, f"{node.path}: result")
    return {"winner": winner, "result": branches.results[winner]}
