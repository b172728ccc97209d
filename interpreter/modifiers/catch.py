"""`catch`: what happens instead of a failure."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.scalars.error_types import takes
from interpreter.concurrency.shield import shielded
from interpreter.failure.failure import Failure, StepFailed
from interpreter.modifiers.compensate import undo_all
from interpreter.program.model import Handler, Node
from interpreter.state.machine_port import Machine
from interpreter.state.run import Run
from interpreter.state.scope import Scope


async def caught(run: Run, node: Node, scope: Scope, failed: StepFailed, machine: Machine) -> JsonValue:
    """Handle a failure by the first clause that takes it; the result stands for that of the step.

    Raises:
        StepFailed: no clause takes it, or the clause has failed itself: then with this failure as its cause.
    """
    failure = failed.failure.at_step(node.path)
    try:
        for handler in node.catch:
            inside = scope.to_its_end().with_names(**{handler.clause.as_: failure.as_json()})
            if _takes(run, handler, failure, inside):
                return await _handle(run, node, handler, inside, machine)
    except StepFailed as later:
        raise StepFailed(later.failure.because_of(failure)) from failed
    raise failed


def _takes(run: Run, handler: Handler, failure: Failure, scope: Scope) -> bool:
    clause = handler.clause
    return any(takes(wanted, failure.type) for wanted in clause.errors) and run.condition(
        clause.when, scope, f"{handler.path}: when"
    )


async def _handle(run: Run, node: Node, handler: Handler, scope: Scope, machine: Machine) -> JsonValue:
    if handler.clause.compensate:
        await shielded(undo_all(run, machine.perform, {node.path}))
    result = await machine.run_steps(run, handler.steps, scope)
    if handler.clause.result is not None:
        return run.evaluate(handler.clause.result, scope, f"{handler.path}: result")
    return result
