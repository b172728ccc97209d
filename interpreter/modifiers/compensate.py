"""Undoing: each step's compensation is registered before it starts, and run when the run has failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection

from dsl.expressions import JsonValue
from dsl.model import BlockCompensation
from interpreter.calls.prepare import call, prepare
from interpreter.concurrency.cancel_scope import Stop, StoppedCleanly
from interpreter.effects import ActivityCall, ChildCall, NeverStarted
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.modifiers.dead_letter import write
from interpreter.modifiers.deadline import within as within_deadline
from interpreter.program.model import Node
from interpreter.state.report import CompensationReport, Undone
from interpreter.state.returned import Returned
from interpreter.state.run import Run
from interpreter.state.saga import Prepared, Undo
from interpreter.state.scope import Scope

RunNode = Callable[[Run, Node, Scope], Awaitable[JsonValue]]


async def compensated(run: Run, node: Node, scope: Scope, attempt: RunNode) -> JsonValue:
    """Run a step so that it will be undone if it has, or may have, done something."""
    result = await _registered(run, node, scope, attempt)
    if node.pivot:
        run.saga.pivot = node.path
        _forget(run, run.saga.drop())
    return result


async def _registered(run: Run, node: Node, scope: Scope, attempt: RunNode) -> JsonValue:
    if node.compensation is None:
        return await attempt(run, node, scope)
    begun = run.saga.registered(node) if run.continued else None
    undo = begun or run.saga.register(node, node.compensation, scope)
    try:
        result = await attempt(run, node, scope)
    except StepFailed as failed:
        _settle(run, undo, failed.failure.outcome, None, scope)
        raise
    except StoppedCleanly:
        _settle(run, undo, Outcome.FAILED, None, scope)
        raise
    except NeverStarted:
        _settle(run, undo, Outcome.NOT_STARTED, None, scope)
        raise
    except asyncio.CancelledError:
        _settle(run, undo, Outcome.UNKNOWN, None, scope)
        raise
    except Returned:
        _settle(run, undo, Outcome.NOT_STARTED, None, scope)  # a block; what is inside it stays registered
        raise
    _settle(run, undo, Outcome.COMPLETED, result, scope)
    return result


def _settle(run: Run, undo: Undo, outcome: Outcome, result: JsonValue, scope: Scope) -> None:
    """Evaluate the arguments of the compensation now: what it will need may change later."""
    compensation = undo.compensation
    undo.outcome = outcome
    if not undo.due_after(outcome) or run.saga.pivot is not None:
        return
    _forget(run, run.saga.drop(undo.node))
    run.progress.of(compensation.path)
    scope = scope.with_names(result=result)
    if isinstance(compensation.step, BlockCompensation):
        undo.prepared = scope.apart()
        return
    try:
        undo.prepared = prepare(run, compensation, scope)
    except StepFailed as failed:
        undo.prepared = failed.failure.at_step(compensation.path)


def _forget(run: Run, dropped: list[Undo]) -> None:
    for undo in dropped:
        run.progress.forget(undo.compensation.path)


async def undo_all(
    run: Run, perform: RunNode, within: Collection[str] | None = None, outcome: Outcome | None = None
) -> None:
    """Undo what is to be undone, of the run or of some steps and what is inside them (see `Saga.take`).

    Each is reported in `run.compensations`. Never raises `StepFailed`.
    """
    saga = run.program.definition.saga
    due = run.saga.take(within, outcome)
    if saga.parallel:
        reports = await asyncio.gather(*(_undo(run, undo, prepared, perform) for undo, prepared in due))
        run.compensations.add(*reports)  # in the order in which they began, whichever ended first
        return
    go_on = True
    for undo, prepared in due:
        if go_on:
            run.compensations.add(await _undo(run, undo, prepared, perform))
            go_on = saga.continue_on_error or not undo.stuck
        else:
            run.skipped(undo.compensation)
            run.compensations.add(_report(run, undo, "skipped", None))


async def _undo(run: Run, undo: Undo, prepared: Prepared, perform: RunNode) -> CompensationReport:
    """Undo one step."""
    node = undo.compensation
    run.forget_inside(node)
    run.began(node)
    try:
        result = await _perform(run, node, prepared, perform)
    except StepFailed as failed:
        failure = run.failed(node, failed.failure)
        if run.program.saga_queue is not None:
            await write(run, run.program.saga_queue, node, failure, _given(prepared), run.key_of(undo.node))
        return _report(run, undo, "failed", failure)
    run.completed(node, result)
    run.was_undone(undo.node)
    return _report(run, undo, "completed", None)


async def _perform(run: Run, node: Node, prepared: Prepared, perform: RunNode) -> JsonValue:
    if isinstance(prepared, Failure):
        raise StepFailed(prepared)
    if isinstance(prepared, ActivityCall | ChildCall):
        made, scope = prepared, Scope({}, Stop(), can_hand_over=False)
        return await within_deadline(node.deadline, lambda _: call(run, node, made), scope, run.effects)
    scope = prepared.with_stop(Stop())
    return await within_deadline(node.deadline, lambda inner: perform(run, node, inner), scope, run.effects)


def _given(prepared: Prepared) -> JsonValue:
    return list(prepared.args) if isinstance(prepared, ActivityCall | ChildCall) else None


def _report(run: Run, undo: Undo, status: Undone, error: Failure | None) -> CompensationReport:
    undo.stuck = status != "completed"
    run.is_unclean |= undo.stuck
    return {"step": undo.node.path, "status": status, "error": error.as_json() if error else None}
