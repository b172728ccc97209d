"""`repeat`: run steps again and again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dsl.expressions import JsonValue
from dsl.model import RepeatStep
from interpreter.calls.durations import duration
from interpreter.failure.failure import Failure, StepFailed
from interpreter.flow.iteration import Iteration
from interpreter.program.model import Node
from interpreter.state.machine_port import Machine
from interpreter.state.run import Run
from interpreter.state.scope import Scope


async def perform(run: Run, node: Node, step: RepeatStep, scope: Scope, machine: Machine) -> JsonValue:
    """Repeat; the result is that of the last iteration.

    Raises:
        StepFailed: a step has failed, or `IterationLimitExceeded`.
    """
    memory: dict[str, Any] = run.progress.of(node.path).memory
    memory.setdefault("done", 0)
    while True:
        if "next" in memory:
            await run.pause(scope, datetime.fromisoformat(memory["next"]), f"{node.path}: every")
            del memory["next"]
        await run.checkpoint(scope)
        scope.stop.check()
        if not memory.get("inside"):
            if _is_over(run, node, step, scope, memory["done"]):
                break
            memory["inside"] = True
        again = await _iteration(run, node, step, scope, machine, memory)
        if not again:
            break
        if step.repeat.every is not None and not _was_last(step, memory["done"]):
            pause = duration(run, step.repeat.every, scope, f"{node.path}: repeat.every")
            memory["next"] = (run.effects.now() + pause).isoformat()
    last: JsonValue = memory.get("result")
    return last


def _is_over(run: Run, node: Node, step: RepeatStep, scope: Scope, done: int) -> bool:
    """Before an iteration.

    Raises:
        StepFailed: one more is wanted than there may be.
    """
    repeat, most = step.repeat, step.repeat.maximum_iterations
    wanted = run.condition(repeat.while_, scope.with_names(index=done), f"{node.path}: repeat.while")
    if not wanted:
        return True
    if most is None or done < most:
        return False
    if repeat.while_ is None and repeat.until is None:
        return True
    message = f"not done after {most} iteration{'s' * (most != 1)}"
    raise StepFailed(Failure("IterationLimitExceeded", message, details={"maximum_iterations": most}))


def _was_last(step: RepeatStep, done: int) -> bool:
    """After an iteration that wants another one: there is none, and so no pause before it. What `while` will say
    is not known before that."""
    return step.repeat.while_ is None and done == step.repeat.maximum_iterations


async def _iteration(
    run: Run, node: Node, step: RepeatStep, scope: Scope, machine: Machine, memory: dict[str, Any]
) -> bool:
    """One iteration; whether another one is wanted after it."""
    number = memory["done"]
    iteration = Iteration(run, node, number)
    inner = iteration.enter(scope.with_names(index=number))
    result = await machine.run_steps(run, iteration.body, inner)
    if step.result is not None:
        result = run.evaluate(step.result, inner, f"{node.path}: result")
    until = step.repeat.until
    again = until is None or not run.condition(until, inner, f"{node.path}: repeat.until")
    iteration.leave()
    memory.update(done=number + 1, result=result, inside=False)
    return again
