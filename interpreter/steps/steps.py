"""`steps`: run steps in order, as one scope."""

from __future__ import annotations

from datetime import datetime, timedelta

from dsl.expressions import JsonValue
from dsl.model import BlockCompensation, BlockStep
from interpreter.concurrency.shield import shielded
from interpreter.failure.failure import StepFailed
from interpreter.failure.retry import next_wait
from interpreter.modifiers.compensate import undo_all
from interpreter.program.model import Node
from interpreter.state.machine_port import Machine
from interpreter.state.run import Run
from interpreter.state.scope import Scope

Block = BlockStep | BlockCompensation


async def perform(run: Run, node: Node, step: Block, scope: Scope, machine: Machine) -> JsonValue:
    """Run the steps of a block, after a failure again as its retry policy says.

    Raises:
        StepFailed: a step inside failed for good, or `result` has no value.
    """
    memory = run.progress.of(node.path).memory
    while True:
        attempt = memory.get("attempt", 1)
        if "next" in memory:
            await run.pause(scope, datetime.fromisoformat(memory["next"]), f"{node.path}: retry")
            scope.stop.check()
            del memory["next"]
        try:
            result = await _once(run, node, step, scope, machine)
        except StepFailed as failed:
            wait = await _before_next(run, node, scope, attempt, failed, machine)
            memory.update(attempt=attempt + 1, next=(run.effects.now() + wait).isoformat())
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
) -> timedelta:
    """Undo what was done inside; how long to wait.

    Raises:
        StepFailed: the failure itself, if it is final: also when something could not be undone.
    """
    wait = next_wait(node.retry, attempt, failed.failure, run.effects.random) if node.retry else None
    if wait is None or scope.stop.requested:
        raise failed
    await shielded(undo_all(run, machine.perform, {node.path}))
    if run.saga.is_stuck(node):
        raise failed
    scope.stop.check()
    run.forget_inside(node)
    return wait
