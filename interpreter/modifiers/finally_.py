"""`finally`: steps that run when something is left, however it ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from interpreter.concurrency.shield import shield
from interpreter.failure.failure import Failure, StepFailed
from interpreter.program.model import Node
from interpreter.state.context import Machine
from interpreter.state.returned import Returned
from interpreter.state.run import Run
from interpreter.state.scope import Scope

T = TypeVar("T")


def run_with_finally(
    run: Run, steps: tuple[Node, ...], scope: Scope, work: Callable[[], Awaitable[T]], machine: Machine
) -> Awaitable[T]:
    """Do some work, and then the steps of its `finally`, if it has any.

    Neither a cancellation nor an error of their own keeps those from running once, and nothing that they do changes
    how the work ended.
    """
    return _run_with_finally(run, steps, scope, work, machine) if steps else work()


async def _run_with_finally(
    run: Run, steps: tuple[Node, ...], scope: Scope, work: Callable[[], Awaitable[T]], machine: Machine
) -> T:
    try:
        result = await work()
    except StepFailed as failed:
        await _run_finally(run, steps, scope, failed.failure, machine)
        raise
    except (Returned, asyncio.CancelledError):
        await _run_finally(run, steps, scope, None, machine)
        raise
    await _run_finally(run, steps, scope, None, machine)
    return result


async def _run_finally(
    run: Run, steps: tuple[Node, ...], scope: Scope, error: Failure | None, machine: Machine
) -> None:
    """Run the steps of a `finally`, shielded. They see the error, if there was one.

    Their own failure is reported with the run, so this never raises `StepFailed`.
    """
    scope = scope.detach().with_names(error=error.to_json() if error else None)
    try:
        await shield(machine.run_steps(run, steps, scope))
    except StepFailed as failed:
        run.further_errors.add(failed.failure)
