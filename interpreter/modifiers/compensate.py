"""`compensate`: each step's compensation is registered before the step starts, and settled when the step has ended.

`interpreter.state.saga` explains the model; `interpreter.modifiers.undo` carries out what is due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from dsl.expressions import JsonValue
from dsl.model import BlockCompensation
from interpreter.calls.prepare import prepare_call
from interpreter.concurrency.cancel_scope import CancelledAndUndone
from interpreter.effects import NeverStarted
from interpreter.failure.failure import Outcome, StepFailed
from interpreter.program.model import Node
from interpreter.state.context import StepContext
from interpreter.state.returned import Returned
from interpreter.state.run import Run
from interpreter.state.saga import Undo


def run_with_compensation(context: StepContext) -> Awaitable[JsonValue]:
    """Run a step so that it will be undone if it has, or may have, done something."""
    return _run_pivot(context) if context.node.pivot else _run_undoable(context)


async def _run_pivot(context: StepContext) -> JsonValue:
    result = await _run_undoable(context)
    saga = context.run.saga
    saga.pivot = context.node.path
    _forget(context.run, saga.drop())
    return result


def _run_undoable(context: StepContext) -> Awaitable[JsonValue]:
    compensation = context.node.compensation
    if compensation is None:
        return context.machine.perform(context)
    return _run_registered(context, compensation)


async def _run_registered(context: StepContext, compensation: Node) -> JsonValue:
    run, node, perform = context.run, context.node, context.machine.perform
    begun = run.saga.reopen(node) if run.continued else None
    undo = begun or run.saga.register(node, compensation, context.scope)
    try:
        result = await perform(context)
    except StepFailed as failed:
        _settle(context, undo, failed.failure.outcome, None)
        raise
    except CancelledAndUndone:
        _settle(context, undo, Outcome.FAILED, None)
        raise
    except NeverStarted:
        _settle(context, undo, Outcome.NOT_STARTED, None)
        raise
    except asyncio.CancelledError:
        _settle(context, undo, Outcome.UNKNOWN, None)
        raise
    except Returned:
        _settle(context, undo, Outcome.NOT_STARTED, None)  # a block; what is inside it stays registered
        raise
    _settle(context, undo, Outcome.COMPLETED, result)
    return result


def _settle(context: StepContext, undo: Undo, outcome: Outcome, result: JsonValue) -> None:
    """Evaluate the arguments of the compensation now: what it will need may change later."""
    run, compensation = context.run, undo.compensation
    undo.outcome = outcome
    if not undo.due_after(outcome) or run.saga.pivot is not None:
        return
    _forget(run, run.saga.drop(undo.node))
    run.progress.of(compensation.path)
    scope = context.scope.with_names(result=result)
    if isinstance(compensation.step, BlockCompensation):
        undo.prepared = scope.detach()
        return
    try:
        undo.prepared = prepare_call(StepContext(run, compensation, scope, context.machine))
    except StepFailed as failed:
        undo.prepared = failed.failure.at_step(compensation.path)


def _forget(run: Run, dropped: list[Undo]) -> None:
    for undo in dropped:
        run.progress.forget(undo.compensation.path)
