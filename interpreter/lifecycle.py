"""The life of a run: its steps, and on failure or cancellation the one order of what follows."""

from __future__ import annotations

import asyncio

from dsl.expressions import JsonValue
from dsl.model import OnFailure
from interpreter.concurrency.cancel_scope import CancelScope
from interpreter.concurrency.shield import shield
from interpreter.effects import ResetReport
from interpreter.failure.error_types import CANCELLED, UNDONE_BEFORE_RESET
from interpreter.failure.failure import Failure, StepFailed
from interpreter.flow.only_step import run_only_step
from interpreter.letters.told_letters import tell_letters
from interpreter.machine import MACHINE, run_steps
from interpreter.modifiers.alerts import wait_for_alerts
from interpreter.modifiers.deadline import run_with_deadline
from interpreter.modifiers.finally_ import run_with_finally
from interpreter.modifiers.undo import undo_all
from interpreter.snapshot import export_state
from interpreter.state.continue_as_new import ContinueAsNew
from interpreter.state.evaluator import declare_variables, evaluate
from interpreter.state.failed_run import describe_left
from interpreter.state.observation import observe_continue_as_new, observe_run_end, observe_run_start
from interpreter.state.position import Position, current_position
from interpreter.state.reset import take_over_undone
from interpreter.state.returned import Returned
from interpreter.state.run import Run
from interpreter.state.scope import Scope

CANCELLED_CHILD_FAILS = "stepfile-cancelled-child-fails"
"""Names what a run does not do that was here before on a worker of an earlier release. Part of replay: never change
it."""


async def execute(run: Run) -> JsonValue:
    """Run a definition from its first step to its end; `run.status` and `run.failure` then tell how it ended.

    Returns:
        The result of the run, also when `on_failure.result` turned a failure into one.

    Raises:
        StepFailed: the run failed. Everything that could be undone was undone before.
        asyncio.CancelledError: the run was asked to stop, and what it had done was undone.
        ContinueAsNew: the run is to go on as a new one.
    """
    if run.started_at is None:
        run.started_at = run.effects.now()
        observe_run_start(run)
    current_position.set(Position("", run.started_at, None))
    stop = CancelScope(asked=run.effects.cancel_requested)
    scope = Scope({"input": run.data}, stop, can_continue_as_new=run.effects.can_continue_as_new())
    work = asyncio.ensure_future(_run_and_tell_letters(run, scope))

    def break_off(failure: Failure) -> None:
        """Let the run fail as by its deadline: what runs is stopped, and all is undone."""
        run.broken, run.suspension.requested = failure, False
        stop.cancel()
        work.cancel()

    def learn(report: ResetReport) -> None:
        failure = take_over_undone(run, report)
        if failure is not None and run.status in ("running", "completed"):
            break_off(failure)
        run.suspension.all_suspended.notify_all()

    run.effects.on_reset(learn)
    while not await _wait_until_ended_or_suspended(run, work):
        state = export_state(run)
        try:
            run.effects.check_state(state)
        except StepFailed as failed:
            break_off(failed.failure)
        else:
            run.suspension.completed = True
            run.effects.show("")
            run.changes.notify_all()
            observe_continue_as_new(run)
            raise ContinueAsNew(state, work)
    run.effects.show("")
    observe_run_end(run, _find_bug(work))
    return work.result()


def _find_bug(work: asyncio.Future[JsonValue]) -> BaseException | None:
    """What has ended the run, if that is none of the ways in which runs end."""
    error = None if work.cancelled() else work.exception()
    return None if isinstance(error, StepFailed) else error


async def _wait_until_ended_or_suspended(run: Run, work: asyncio.Future[JsonValue]) -> bool:
    """Wait until the run has ended (true), or can go on as a new one (false). A request to stop is passed on."""
    queue = run.suspension.all_suspended

    def note_end(ended: asyncio.Future[JsonValue]) -> None:
        if not ended.cancelled():
            ended.exception()  # asyncio need not report it, if the run has continued as new before it is looked at
        queue.notify_all()

    work.add_done_callback(note_end)
    while not work.done():
        try:
            if run.suspension.is_ready and not (run.effects.cancel_requested() or run.effects.is_reset):
                return False
            await queue.wait()
        except asyncio.CancelledError:
            work.cancel()
    return True


async def _run_and_tell_letters(run: Run, scope: Scope) -> JsonValue:
    try:
        result = await _run_until_settled(run, scope)
    except (StepFailed, asyncio.CancelledError):
        await shield(tell_letters(run))
        raise
    await shield(tell_letters(run))
    return result


async def _run_until_settled(run: Run, scope: Scope) -> JsonValue:
    """Run to the end. A run that was reset does not end before it knows whether what it has done still lasts."""
    try:
        result = await _run_with_finally(run, scope)
    except asyncio.CancelledError:
        _fail_for_parent(run)
        raise
    finally:
        if run.effects.is_reset:
            await shield(run.effects.settle_reset())
    if run.broken is None or run.status != "completed":
        return result
    run.status, run.failure = "failed", run.broken
    _tell_decided(run)
    await shield(undo_all(run, MACHINE))
    raise StepFailed(run.broken)


def _fail_for_parent(run: Run) -> None:
    """Let a child that was cancelled fail instead, if something of what it had done is left.

    Temporal's cancellation carries no details, so the parent would take all of it for undone.

    Raises:
        StepFailed: something is left.
    """
    if not (run.effects.has_parent and run.effects.cancel_requested()):
        return
    if run.program.definition.saga.on_cancel != "compensate":
        return  # the parent knows that nothing is undone
    left = describe_left(run)
    if left is not None and run.effects.may_do(CANCELLED_CHILD_FAILS):
        run.status, run.failure = "failed", Failure(CANCELLED, f"the run was cancelled, and {left}")
        raise StepFailed(run.failure)


async def _run_with_finally(run: Run, scope: Scope) -> JsonValue:
    finally_ = run.program.finally_ if run.only is None else ()
    try:
        return await run_with_finally(run, finally_, scope, lambda: _run_to_end(run, scope), MACHINE)
    finally:
        if run.alerts:
            await shield(wait_for_alerts(run))
        run.is_over = True
        run.changes.notify_all()


async def _run_to_end(run: Run, scope: Scope) -> JsonValue:
    try:
        result = await _run_until_decided(run, scope)
    except StepFailed as failed:
        run.status, run.failure = "failed", failed.failure
        if run.only is not None:
            raise
        _tell_decided(run)
        await shield(undo_all(run, MACHINE))
        if run.broken is not None and run.broken.type == UNDONE_BEFORE_RESET:
            raise  # `on_failure` would speak of steps that are not what they seem
        return await shield(_handle_run_failure(run, failed, scope.detach()))
    except asyncio.CancelledError:
        run.status = "cancelled"
        _tell_decided(run)
        if run.program.definition.saga.on_cancel == "compensate" and run.only is None:
            await shield(undo_all(run, MACHINE))
        raise
    run.status = "completed"
    _tell_decided(run)
    return result


def _tell_decided(run: Run) -> None:
    if run.when_decided is not None:
        run.when_decided()


async def _run_until_decided(run: Run, scope: Scope) -> JsonValue:
    """Run until it is clear how the run ends. A request to stop wins over what arrives with it, as in Temporal."""
    deadline = run.program.definition.timeouts.deadline if run.only is None else None
    try:
        result = await run_with_deadline(
            deadline, lambda inner: _run_body(run, inner), scope, run.effects, run.started_at
        )
    except (StepFailed, asyncio.CancelledError):
        _raise_if_stopped(run, scope)
        raise
    _raise_if_stopped(run, scope)
    return result


def _raise_if_stopped(run: Run, scope: Scope) -> None:
    """
    Raises:
        StepFailed: the run can't go on.
        asyncio.CancelledError: it was asked to stop.
    """
    if run.broken is not None:
        raise StepFailed(run.broken)
    scope.cancel_scope.raise_if_cancelled()


async def _run_body(run: Run, scope: Scope) -> JsonValue:
    try:
        if run.only is not None:
            result = await run_only_step(run, run.only, scope, MACHINE)
        else:
            result = await _run_all_steps(run, scope)
    except Returned as returned:
        result = returned.value
    run.effects.check_result(result)
    return result


async def _run_all_steps(run: Run, scope: Scope) -> JsonValue:
    declare_variables(run)
    result = await run_steps(run, run.program.steps, scope)
    output = run.program.definition.output
    return result if output is None else evaluate(run, output, scope, "output")


async def _handle_run_failure(run: Run, failed: StepFailed, scope: Scope) -> JsonValue:
    """
    Raises:
        StepFailed: the failure itself, unless `on_failure.result` stands in for it.
    """
    on_failure = run.program.definition.on_failure or OnFailure()
    scope = scope.with_names(error=failed.failure.to_json())
    try:
        if (result := await _run_on_failure(run, on_failure, scope)) is not None:
            run.effects.check_result(result.value)
            run.status = "completed"
            return result.value
    except StepFailed as later:
        run.further_errors.add(later.failure)
    raise failed


async def _run_on_failure(run: Run, on_failure: OnFailure, scope: Scope) -> Returned | None:
    try:
        await run_steps(run, run.program.on_failure, scope)
    except Returned as returned:
        return returned
    if on_failure.result is None:
        return None
    return Returned(evaluate(run, on_failure.result, scope, "on_failure.result"))
