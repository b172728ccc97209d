"""`steps`: run steps in order, as one scope."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import BlockCompensation, BlockStep
from interpreter.compensation import undo_all
from interpreter.failure import StepFailed
from interpreter.machine_port import Machine
from interpreter.program import Node
from interpreter.retry import next_wait
from interpreter.run import Run
from interpreter.scope import Scope
from interpreter.shield import shielded

Block = BlockStep | BlockCompensation


async def perform(run: Run, node: Node, step: Block, scope: Scope, machine: Machine) -> JsonValue:
    """Run the steps of a block, after a failure again as its retry policy says.

    Raises:
        StepFailed: a step inside failed for good, or `result` has no value.
    """
    attempt = 1
    while True:
        try:
            result = await _once(run, node, step, scope, machine)
        except StepFailed as failed:
            await _before_next(run, node, scope, attempt, failed, machine)
            attempt += 1
        else:
            if node.retry is not None:
                run.progress.of(node.path).attempts = attempt
            return result


async def _once(run: Run, node: Node, step: Block, scope: Scope, machine: Machine) -> JsonValue:
    """The result is the last step's, or what `result` says."""
    last = await machine.run_steps(run, node.body, scope.into(node.path))
    if isinstance(step, BlockStep) and step.result is not None:
        return run.evaluate(step.result, scope, f"{node.path}: result")
    return last


async def _before_next(
    run: Run, node: Node, scope: Scope, attempt: int, failed: StepFailed, machine: Machine
) -> None:
    """Undo what was done inside, and wait.

    Raises:
        StepFailed: the failure itself, if it is final: also when something could not be undone.
    """
    wait = next_wait(node.retry, attempt, failed.failure, run.effects.random) if node.retry else None
    if wait is None or scope.stop.requested:
        raise failed
    await shielded(undo_all(run, machine.perform, node))
    if run.saga.is_stuck(node):
        raise failed
    scope.stop.check()
    run.forget_inside(node)
    await run.effects.sleep(wait, f"{node.path}: retry")
