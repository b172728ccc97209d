"""`compensate`: each step's compensation is registered before the step starts, and run when the run has failed.

`interpreter.state.saga` explains the model and decides what is due; here it is carried out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection
from dataclasses import dataclass, field

from dsl.expressions import JsonValue
from dsl.model import BlockCompensation
from interpreter.calls.prepare import make_call, prepare_call
from interpreter.concurrency.cancel_scope import CancelledAndUndone, CancelScope
from interpreter.effects import ActivityCall, ChildCall, NeverStarted, UndoneRecord, UndoneStatus
from interpreter.events import CompensationOutcome
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.modifiers.dead_letter import write_letter
from interpreter.modifiers.deadline import run_with_deadline
from interpreter.program.model import Node
from interpreter.state.context import Machine, StepContext
from interpreter.state.journal import (
    forget_inside,
    record_completed,
    record_failed,
    record_skipped,
    record_start,
)
from interpreter.state.keys import count_undone, idempotency_key, record_undone
from interpreter.state.observation import (
    observe_compensation_end,
    observe_compensation_start,
    observe_undoing_end,
    observe_undoing_start,
)
from interpreter.state.position import Position, current_position
from interpreter.state.report import CompensationReport
from interpreter.state.returned import Returned
from interpreter.state.run import Run
from interpreter.state.saga import Prepared, Undo
from interpreter.state.scope import Scope


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


async def undo_all(
    run: Run, machine: Machine, within: Collection[str] | None = None, outcome: Outcome | None = None
) -> None:
    """Undo what is to be undone, of the run or of some steps and what is inside them (see `Saga.take`).

    Each is reported in `run.compensations`. Never raises `StepFailed`.
    """
    saga = run.program.definition.saga
    due, log = run.saga.take(within, outcome), _UndoneLog(run)
    if due:
        observe_undoing_start(run, len(due))
    if saga.parallel:

        async def undo_and_write(undo: Undo, prepared: Prepared) -> CompensationReport:
            report = await _undo_step(run, undo, prepared, machine, log)
            log.write()
            return report

        reports = await asyncio.gather(*(undo_and_write(undo, prepared) for undo, prepared in due))
        run.compensations.add(*reports)  # in the order in which they began, whichever ended first
    else:
        go_on = True
        for undo, prepared in due:
            if go_on:
                run.compensations.add(await _undo_step(run, undo, prepared, machine, log))
                go_on = saga.continue_on_error or not undo.stuck
            else:
                record_skipped(run, undo.compensation)
                log.note(undo.node, UndoneStatus.NOT_UNDONE)
                run.compensations.add(_build_report(run, undo, "skipped", None))
    log.write()
    if due:
        stuck = sum(undo.stuck for undo, _ in due)
        observe_undoing_end(run, len(due) - stuck, stuck)


@dataclass(slots=True, eq=False)
class _UndoneLog:
    """Collects what has become of effects, so that the end of one compensation and the begin of the next one are
    written together."""

    run: Run
    _records: dict[str, UndoneRecord] = field(default_factory=dict)

    def note(self, node: Node, status: UndoneStatus) -> None:
        """Note that the effect of a step is being undone, or could not be."""
        self._records[node.key_path] = UndoneRecord(status, count_undone(self.run, node))

    def note_undone(self, node: Node) -> None:
        """Note that the effect of a step, and of what is inside it, is no more."""
        self._records |= record_undone(self.run, node)

    def write(self) -> None:
        if self._records:
            self.run.effects.record_undone(self._records)
            self._records = {}


async def _undo_step(
    run: Run, undo: Undo, prepared: Prepared, machine: Machine, log: _UndoneLog
) -> CompensationReport:
    node = undo.compensation
    forget_inside(run, node)
    progress = record_start(run, node)
    observe_compensation_start(run, undo.node)
    log.note(undo.node, UndoneStatus.UNDOING)
    log.write()
    outer = current_position.get()
    current_position.set(Position(node.path, progress.started_at, outer))
    try:
        return await _undo_entered_step(run, undo, prepared, machine, log)
    finally:
        current_position.set(outer)


async def _undo_entered_step(
    run: Run, undo: Undo, prepared: Prepared, machine: Machine, log: _UndoneLog
) -> CompensationReport:
    node = undo.compensation
    try:
        result = await _run_compensation(run, node, prepared, machine)
    except StepFailed as failed:
        failure = record_failed(run, node, failed.failure)
        log.note(undo.node, UndoneStatus.NOT_UNDONE)
        log.write()  # at once: to keep the letter may take long
        if run.program.saga_queue is not None:
            arguments, key = _get_arguments(prepared), idempotency_key(run, undo.node)
            await write_letter(run, run.program.saga_queue, node, failure, arguments, key)
        return _build_report(run, undo, "failed", failure)
    record_completed(run, node, result)
    log.note_undone(undo.node)
    return _build_report(run, undo, "completed", None)


async def _run_compensation(run: Run, node: Node, prepared: Prepared, machine: Machine) -> JsonValue:
    if isinstance(prepared, Failure):
        raise StepFailed(prepared)
    if isinstance(prepared, ActivityCall | ChildCall):
        call, scope = prepared, Scope({}, CancelScope(), can_continue_as_new=False)
        return await run_with_deadline(
            node.deadline, lambda _: make_call(run, node, call), scope, run.effects
        )
    scope = prepared.with_cancel_scope(CancelScope())
    context = StepContext(run, node, scope, machine)
    return await run_with_deadline(
        node.deadline, lambda inner: machine.perform(context.with_scope(inner)), scope, run.effects
    )


def _get_arguments(prepared: Prepared) -> JsonValue:
    return list(prepared.args) if isinstance(prepared, ActivityCall | ChildCall) else None


def _build_report(
    run: Run, undo: Undo, status: CompensationOutcome, error: Failure | None
) -> CompensationReport:
    observe_compensation_end(run, undo.node, undo.compensation, status, error)
    undo.stuck = status != "completed"
    del run.saga.under_way[undo]
    run.has_failed_compensation |= undo.stuck
    return {"step": undo.node.path, "status": status, "error": error.to_json() if error else None}
