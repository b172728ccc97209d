"""The life of a run: its steps, and on failure or cancellation the one order of what follows."""

from __future__ import annotations

import asyncio

from dsl.expressions import JsonValue
from dsl.model import OnFailure
from interpreter.concurrency.cancel_scope import Stop
from interpreter.concurrency.shield import shielded
from interpreter.failure.failure import StepFailed
from interpreter.machine import MACHINE, perform, run_steps
from interpreter.modifiers.compensate import undo_all
from interpreter.modifiers.deadline import within
from interpreter.modifiers.finally_ import leaving
from interpreter.snapshot import exported
from interpreter.state.continue_as_new import ContinueAsNew
from interpreter.state.returned import Returned
from interpreter.state.run import Run
from interpreter.state.scope import Scope


async def execute(run: Run) -> JsonValue:
    """Run a definition from its first step to its end; `run.status` and `run.failure` then tell how it ended.

    Returns:
        The result of the run, also when `on_failure.result` turned a failure into one.

    Raises:
        StepFailed: the run failed. Everything that could be undone was undone before.
        asyncio.CancelledError: the run was asked to stop, and what it had done was undone.
        ContinueAsNew: the run is to go on as a new one.
    """
    run.started_at = run.started_at or run.effects.now()
    stop = Stop(asked=run.effects.cancel_requested)
    scope = Scope({"input": run.data}, stop, can_hand_over=run.effects.can_continue_as_new())
    work = asyncio.ensure_future(_whole(run, scope))
    while not await _ended_or_resting(run, work):
        state = exported(run)
        try:
            run.effects.check_state(state)
        except StepFailed as failed:  # it fails as by its deadline: what runs is stopped, and all is undone
            run.broken, run.handover.wanted = failed.failure, False
            stop.request()
            work.cancel()
        else:
            run.handover.done = True
            run.changes.ring()
            raise ContinueAsNew(state, work)
    return work.result()


async def _ended_or_resting(run: Run, work: asyncio.Future[JsonValue]) -> bool:
    """Wait until the run has ended (true), or can go on as a new one (false). A request to stop is passed on."""
    bell = run.handover.ready
    work.add_done_callback(lambda _: bell.ring())
    while not work.done():
        try:
            if run.handover.is_ready and not run.effects.cancel_requested():
                return False
            await bell.heard()
        except asyncio.CancelledError:
            work.cancel()
    return True


async def _whole(run: Run, scope: Scope) -> JsonValue:
    try:
        return await leaving(run, run.program.finally_, scope, lambda: _to_its_end(run, scope), MACHINE)
    finally:
        run.is_over = True
        run.changes.ring()


async def _to_its_end(run: Run, scope: Scope) -> JsonValue:
    try:
        result = await _until_decided(run, scope)
    except StepFailed as failed:
        run.status, run.failure = "failed", failed.failure
        await shielded(undo_all(run, perform))
        return await shielded(_after_failure(run, failed, scope.apart()))
    except asyncio.CancelledError:
        run.status = "cancelled"
        if run.program.definition.saga.on_cancel == "compensate":
            await shielded(undo_all(run, perform))
        raise
    run.status = "completed"
    return result


async def _until_decided(run: Run, scope: Scope) -> JsonValue:
    """Run until it is clear how the run ends. A request to stop wins over what arrives with it, as in Temporal."""
    deadline = run.program.definition.timeouts.deadline
    try:
        result = await within(deadline, lambda inner: _body(run, inner), scope, run.effects, run.started_at)
    except (StepFailed, asyncio.CancelledError):
        _check(run, scope)
        raise
    _check(run, scope)
    return result


def _check(run: Run, scope: Scope) -> None:
    """
    Raises:
        StepFailed: the run can't go on.
        asyncio.CancelledError: it was asked to stop.
    """
    if run.broken is not None:
        raise StepFailed(run.broken)
    scope.stop.check()


async def _body(run: Run, scope: Scope) -> JsonValue:
    definition = run.program.definition
    try:
        run.declare()
        result = await run_steps(run, run.program.steps, scope)
        if definition.output is not None:
            result = run.evaluate(definition.output, scope, "output")
    except Returned as returned:
        result = returned.value
    run.effects.check_result(result)
    return result


async def _after_failure(run: Run, failed: StepFailed, scope: Scope) -> JsonValue:
    """
    Raises:
        StepFailed: the failure itself, unless `on_failure.result` stands in for it.
    """
    on_failure = run.program.definition.on_failure or OnFailure()
    scope = scope.with_names(error=failed.failure.as_json())
    try:
        if (result := await _instead_of_failure(run, on_failure, scope)) is not None:
            run.effects.check_result(result.value)
            run.status = "completed"
            return result.value
    except StepFailed as later:
        run.further.add(later.failure)
    raise failed


async def _instead_of_failure(run: Run, on_failure: OnFailure, scope: Scope) -> Returned | None:
    try:
        await run_steps(run, run.program.on_failure, scope)
    except Returned as returned:
        return returned
    if on_failure.result is None:
        return None
    return Returned(run.evaluate(on_failure.result, scope, "on_failure.result"))
