"""`child_workflow`: run another workflow, and wait for its result."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from dsl.expressions import JsonValue
from interpreter.calls.prepare import make_call, prepare_call
from interpreter.concurrency.cancel_scope import CancelledAndUndone
from interpreter.effects import Cancellation, ChildCall
from interpreter.failure.failure import Outcome, StepFailed
from interpreter.state.context import StepContext
from interpreter.state.keys import record_undone

CHILD_STANDS = "stepfile-child-stands"
"""Names what a run does not do that was here before on a worker of an earlier release. Part of replay: never change
it."""


async def perform(context: StepContext) -> JsonValue:
    """Start the child and wait until it has ended.

    A definition that has failed or was cancelled has undone what it had done; if the step runs again, that is
    another effect. One that has failed after its pivot, or could not undo all, has left something: then the step may
    have done its work, is undone as such, and keeps its key.

    Raises:
        StepFailed: it failed for good, or its input has no value.
    """
    run, node = context.run, context.node
    call = prepare_call(context)
    assert isinstance(call, ChildCall)
    context.progress.given = list(call.args)
    run.saga.forget_left(node)
    try:
        return await make_call(run, node, call)
    except StepFailed as failed:
        failure = failed.failure
        if call.program is not None and failure.outcome is Outcome.FAILED:
            if failure.stands and run.effects.may_do(CHILD_STANDS):
                failure = replace(failure, outcome=Outcome.UNKNOWN).at_step(node.path)
                run.saga.note_left(node, context.scope, failure)
                raise StepFailed(failure) from failed.__cause__
            _note_undone(context)
        raise
    except asyncio.CancelledError:
        if call.undoes_if_cancelled and call.cancellation is Cancellation.WAIT:
            _note_undone(context)
            raise CancelledAndUndone from None
        raise


def _note_undone(context: StepContext) -> None:
    """Note that the child has undone its effect itself."""
    run, node = context.run, context.node
    run.effects.record_undone(record_undone(run, node))
