"""`child_workflow`: run another workflow, and wait for its result."""

from __future__ import annotations

import asyncio

from dsl.expressions import JsonValue
from interpreter.calls.prepare import call, prepare
from interpreter.concurrency.cancel_scope import StoppedCleanly
from interpreter.effects import Cancellation, ChildCall
from interpreter.failure.failure import Outcome, StepFailed
from interpreter.program.model import Node
from interpreter.state.run import Run
from interpreter.state.scope import Scope


async def perform(run: Run, node: Node, scope: Scope) -> JsonValue:
    """Start the child and wait until it has ended.

    A definition that has failed or was cancelled has undone what it had done; if the step runs again, that is
    another effect.

    Raises:
        StepFailed: it failed for good, or its input has no value.
    """
    prepared = prepare(run, node, scope)
    assert isinstance(prepared, ChildCall)
    run.progress.of(node.path).given = list(prepared.args)
    try:
        return await call(run, node, prepared)
    except StepFailed as failed:
        if prepared.program is not None and failed.failure.outcome is Outcome.FAILED:
            run.was_undone(node)
        raise
    except asyncio.CancelledError:
        if _undoes_itself(prepared):
            run.was_undone(node)
            raise StoppedCleanly from None
        raise


def _undoes_itself(prepared: ChildCall) -> bool:
    """Whether it has undone what it had done, when it was cancelled."""
    if prepared.program is None or prepared.cancellation is not Cancellation.WAIT:
        return False
    return prepared.program.definition.saga.on_cancel == "compensate"
