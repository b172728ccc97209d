"""`switch`: run the first case that is true."""

from __future__ import annotations

from dsl.expressions import JsonValue
from dsl.model import Case, SwitchStep
from interpreter.program.model import Node
from interpreter.state.machine_port import Machine
from interpreter.state.run import Run
from interpreter.state.scope import Scope


async def perform(run: Run, node: Node, step: SwitchStep, scope: Scope, machine: Machine) -> JsonValue:
    """Choose a case and run its steps.

    Raises:
        StepFailed: a condition has no value, or a step has failed.
    """
    memory = run.progress.of(node.path).memory
    if "case" not in memory:
        memory["case"] = _chosen(run, node, step, scope)
    result: JsonValue = None
    if memory["case"] is not None:
        result = await machine.run_steps(run, node.branches[memory["case"]].steps, scope.into(node.path))
    if step.result is not None:
        return run.evaluate(step.result, scope, f"{node.path}: result")
    return result


def _chosen(run: Run, node: Node, step: SwitchStep, scope: Scope) -> int | None:
    for index, case in enumerate(step.switch):
        if not isinstance(case, Case) or run.condition(
            case.when, scope, f"{node.path}: switch[{index}].when"
        ):
            return index
    return None
