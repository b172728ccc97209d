"""`child_workflow`: run another workflow, and wait for its result."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from dsl.expressions import JsonValue
from interpreter.calls.children import build_child_key, is_undone_if_cancelled
from interpreter.calls.prepare import make_call, prepare_call
from interpreter.concurrency.cancel_scope import CancelledAndUndone
from interpreter.effects import ChildCall
from interpreter.failure.error_types import CANCELLED
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.program.model import Node
from interpreter.state.context import StepContext
from interpreter.state.keys import record_undone
from interpreter.state.run import Run
from interpreter.state.started_children import WHOLE_RUN

CHILD_STANDS, CHILD_MAY_STAND = "stepfile-child-stands", "stepfile-child-may-stand"
"""Name what a run does not do that was here before on a worker of an earlier release. Part of replay: never change
them."""

_STANDS = Failure(
    CANCELLED,
    "the child was cancelled and has undone what it had done, but what an earlier run of it had done may stand",
    outcome=Outcome.UNKNOWN,
)


async def perform(context: StepContext) -> JsonValue:
    """Start the child and wait until it has ended.

    A definition that has failed or was cancelled has undone what it had done; if the step runs again, that is
    another effect. One that has failed after its pivot, or could not undo all, has left something: then the step may
    have done its work, is undone as such, and keeps its key. If it runs again under that key, and fails and undoes
    itself, what the one before it has done is there still.

    Raises:
        StepFailed: it failed for good, or its input has no value.
    """
    run, node = context.run, context.node
    call = prepare_call(context)
    assert isinstance(call, ChildCall)
    context.progress.given = list(call.args)
    key = build_child_key(context)
    began_before = call.predecessor.exists or run.children.may_stand(key)
    _note_start(context, call, key)
    try:
        result = await make_call(run, node, call)
    except StepFailed as failed:
        failure = failed.failure
        if call.program is not None and failure.outcome is Outcome.FAILED:
            if _is_left(run, failure, key) or (began_before and run.effects.may_do(CHILD_MAY_STAND)):
                failure = replace(failure, outcome=Outcome.UNKNOWN).at_step(node.path)
                _note_left(context, failure, key)
                raise StepFailed(failure) from failed.__cause__
            _note_undone(context)
        raise
    except asyncio.CancelledError:
        if is_undone_if_cancelled(call) and not run.saga.is_left(key):
            if not (began_before and run.effects.may_do(CHILD_MAY_STAND)):
                _note_undone(context)
                raise CancelledAndUndone from None
            _note_left(context, _STANDS.at_step(node.path), key)
        raise
    _forget_left(run, node, key)
    return result


def _note_start(context: StepContext, call: ChildCall, key: str) -> None:
    """Note that a child begins whose step may run again."""
    block = _find_repeating_block(context) if call.program is not None else None
    if block is not None:
        context.run.children.note(key, block)


def _is_left(run: Run, failure: Failure, key: str) -> bool:
    """Whether a child that has failed, or one before it in this run, has left something."""
    return (failure.stands or run.saga.is_left(key)) and run.effects.may_do(CHILD_STANDS)


def _find_repeating_block(context: StepContext) -> str | None:
    """Find the outermost block that may run the step again; None if nothing does."""
    run = context.run
    if run.program.definition.retry is not None or run.repeatable:
        return WHOLE_RUN
    nodes = run.program.nodes
    for path in context.scope.inside:
        block = nodes.get(path.rpartition("/")[2])
        if block is not None and block.retry is not None:
            return path
    return None


def _note_left(context: StepContext, failure: Failure, key: str) -> None:
    """Note that something is left of this child, or of one before it under the same key."""
    _forget_left(context.run, context.node, key)
    context.run.saga.note_left(context.node, context.scope, failure, key)


def _forget_left(run: Run, node: Node, key: str) -> None:
    """Forget what a child before this one has left. If that was reported, the report is withdrawn."""
    if not run.saga.is_left(key):
        return
    run.saga.forget_left(key)
    run.compensations.withdraw(lambda entry: entry["step"] == node.path)
    run.has_failed_compensation = run.saga.has_stuck


def _note_undone(context: StepContext) -> None:
    """Note that the child has undone its effect itself."""
    run, node = context.run, context.node
    run.effects.record_undone(record_undone(run, node))
