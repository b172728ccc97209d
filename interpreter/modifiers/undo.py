"""What is to be undone is undone: the compensations of a run, or of a part of it, are carried out.

`interpreter.state.saga` explains the model and decides what is due.

**Orders.** People can order that a compensation is tried again at once, or that it is given up
(`interpreter.messages.compensation_orders`). To stop one that runs, its cancel scope and the task that waits for it
are cancelled, which nobody else does: what undoes is shielded from all that stops the run. Then it settles, as any
step that is cancelled, and only then the order is carried out. What has succeeded meanwhile is undone, whatever the
order was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from dsl.expressions import JsonValue
from interpreter.calls.children import is_undone_if_cancelled
from interpreter.calls.prepare import make_call
from interpreter.concurrency.cancel_scope import CancelScope
from interpreter.effects import ActivityCall, ChildCall, UndoneRecord, UndoneStatus
from interpreter.events import CompensationOutcome
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.letters.record import FailedEffect
from interpreter.letters.redrive import describe_compensation
from interpreter.letters.told_letters import find_letters, outdate_letters, resolve_letters
from interpreter.modifiers.alerts import tell_not_undone
from interpreter.modifiers.dead_letter import write_letter
from interpreter.modifiers.deadline import run_with_deadline
from interpreter.program.model import Node
from interpreter.state.compensation_orders import COMPENSATION_SKIPPED, CompensationOrder
from interpreter.state.context import Machine, StepContext
from interpreter.state.journal import (
    forget_inside,
    record_completed,
    record_failed,
    record_skipped,
    record_start,
)
from interpreter.state.keys import count_undone, idempotency_key, next_activity_id, record_undone
from interpreter.state.observation import (
    observe_compensation_end,
    observe_compensation_start,
    observe_undoing_end,
    observe_undoing_start,
)
from interpreter.state.position import KeepPosition, Position, current_position
from interpreter.state.report import CompensationReport, add_key_path
from interpreter.state.run import Run
from interpreter.state.saga import Left, Prepared, Undo, UndoStage
from interpreter.state.scope import Scope


async def undo_all(
    run: Run, machine: Machine, within: Collection[str] | None = None, outcome: Outcome | None = None
) -> None:
    """Undo what is to be undone, of the run or of some steps and what is inside them (see `Saga.take`).

    Each is reported in `run.compensations`. Never raises `StepFailed`. Whoever calls it shields it from cancellation.
    """
    due, left = run.saga.take(within, outcome), run.saga.take_left(within, outcome)
    if not (due or left):
        return
    undoing = _Undoing(run, machine, due)
    observe_undoing_start(run, len(due) + len(left))
    not_undone = [_report_left(run, each) for each in left]
    run.saga.undoings.append(undoing)
    await undoing.undo_all()
    run.saga.undoings.remove(undoing)
    stuck = [undo for undo in undoing.taken if undo.stuck]
    if len(stuck) < len(undoing.taken):
        outdate_letters(run, within)
    not_undone += [(undo.node, undo.report) for undo in stuck if undo.report is not None]
    observe_undoing_end(run, len(undoing.taken) - len(stuck), len(not_undone))
    if not_undone:
        tell_not_undone(run, not_undone)


def _report_left(run: Run, left: Left) -> tuple[Node, CompensationReport]:
    """Report that something is left of what a child has done."""
    node, failure = left.node, left.failure
    observe_compensation_start(run, node)
    for status in (UndoneStatus.UNDOING, UndoneStatus.NOT_UNDONE):  # what has never begun counts as skipped
        run.effects.record_undone({node.key_path: UndoneRecord(status, count_undone(run, node), left=True)})
    run.has_failed_compensation = True
    report: CompensationReport = {"step": node.path, "status": "failed", "error": failure.to_json()}
    add_key_path(report, node)
    run.compensations.add(report)
    observe_compensation_end(run, node, node, "failed", failure)
    return node, report


@dataclass(slots=True, eq=False)
class _UndoneLog:
    """Collects what has become of effects, so that the end of one compensation and the begin of the next one are
    written together."""

    run: Run
    _records: dict[str, UndoneRecord] = field(default_factory=dict[str, UndoneRecord])

    def note(self, node: Node, status: UndoneStatus, skipped: CompensationOrder | None = None) -> None:
        """Note that the effect of a step is being undone, or could not be."""
        by = None if skipped is None else (skipped.by, skipped.reason)
        self._records[node.key_path] = UndoneRecord(status, count_undone(self.run, node), by)

    def note_undone(self, node: Node) -> None:
        """Note that the effect of a step, and of what is inside it, is no more."""
        self._records |= record_undone(self.run, node)

    def write(self) -> None:
        if self._records:
            self.run.effects.record_undone(self._records)
            self._records = {}


@dataclass(slots=True, eq=False)
class _Attempt:
    """A compensation that runs."""

    task: asyncio.Task[Any]
    cancel_scope: CancelScope

    def stop(self) -> None:
        """Ask it to stop."""
        self.cancel_scope.cancel()
        self.task.cancel()


class _Undoing:
    """Several steps are undone, one after the other or together."""

    def __init__(self, run: Run, machine: Machine, due: list[Undo]) -> None:
        self._run, self._machine = run, machine
        self._settings = run.program.definition.saga
        self._waiting = list(due)
        self._log = _UndoneLog(run)
        self._again: list[asyncio.Task[None]] = []
        self.taken = due
        """All that is, or was, to be undone here."""

    async def undo_all(self) -> None:
        """Undo all, until none is left."""
        await (self._undo_together() if self._settings.parallel else self._undo_in_turn())
        self._log.write()

    def try_again(self, undo: Undo) -> None:
        """Undo a step that could not be undone: next, or at once where all are undone together."""
        run = self._run
        run.saga.put_under_way(undo)
        run.compensations.withdraw(lambda entry: entry is undo.report)
        if undo not in self.taken:
            self.taken.append(undo)
        if self._settings.parallel:
            self._again.append(asyncio.ensure_future(self._undo_and_write(undo)))
        else:
            self._waiting.insert(0, undo)

    async def _undo_together(self) -> None:
        await asyncio.gather(*(self._undo_and_write(undo) for undo in self._waiting))
        while self._again:
            again, self._again = self._again, []
            await asyncio.gather(*again)
        for undo in self.taken:  # in the order in which they began, whichever ended first
            self._add_report(undo)

    async def _undo_and_write(self, undo: Undo) -> None:
        await self._undo(undo)
        self._log.write()

    async def _undo_in_turn(self) -> None:
        go_on = True
        while self._waiting:
            undo = self._waiting.pop(0)
            if go_on:
                failure = await self._undo(undo)
                skipped = failure is not None and failure.type == COMPENSATION_SKIPPED
                go_on = self._settings.continue_on_error or failure is None or skipped
            else:
                record_skipped(self._run, undo.compensation)
                self._log.note(undo.node, UndoneStatus.NOT_UNDONE)
                self._end(undo, "skipped", None)
            self._add_report(undo)

    async def _undo(self, undo: Undo) -> Failure | None:
        """Undo one step; why it could not be undone."""
        with KeepPosition() as outer:
            return await self._try_until_decided(undo, outer)

    async def _try_until_decided(self, undo: Undo, outer: Position | None) -> Failure | None:
        failure: Failure | None = None
        while undo.order is None or undo.order.kind == "retry":
            self._begin(undo, outer)
            try:
                result = await self._make_attempt(undo)
            except StepFailed as failed:
                failure = failed.failure
                if undo.order is None:
                    break
            except asyncio.CancelledError:
                if undo.order is None:  # a worker evicts the run
                    raise
                failure = None
            else:
                record_completed(self._run, undo.compensation, result)
                self._log.note_undone(undo.node)
                self._end(undo, "completed", None)
                await self._resolve_letters(undo)
                return None
        return await self._give_up(undo, failure)

    def _begin(self, undo: Undo, outer: Position | None) -> None:
        run, node = self._run, undo.compensation
        forget_inside(run, node)
        if undo.attempts:
            run.progress.renew(node.path)
        progress = record_start(run, node)
        current_position.set(Position(node.path, progress.started_at, outer))
        run.effects.show(_describe_undoing(run, undo))
        undo.attempts += 1
        if undo.stage is not UndoStage.UNDOING:
            undo.stage = UndoStage.UNDOING
            observe_compensation_start(run, undo.node)
            self._log.note(undo.node, UndoneStatus.UNDOING)
            self._log.write()
        undo.carry_out_order()

    async def _make_attempt(self, undo: Undo) -> JsonValue:
        task = asyncio.current_task()
        assert task is not None
        undo.attempt = attempt = _Attempt(task, CancelScope())
        try:
            run, prepared = self._run, _renew(self._run, undo)
            note = partial(self._note_failed_child, undo)
            return await run_compensation(
                run, undo.compensation, prepared, self._machine, attempt.cancel_scope, note
            )
        finally:
            undo.attempt = None

    def _note_failed_child(self, undo: Undo, was_undone: bool) -> None:
        """Note that a child that was to undo the step has failed. If nothing of it, or of one before it, is left,
        what it does again has other keys."""
        if not isinstance(undo.taken, ChildCall) or undo.taken.program is None:
            return
        before = undo.taken.predecessor
        if not was_undone:
            before = replace(before, started_with=before.generation)
        elif not before.exists:
            before = before.begin_with(before.generation + 1)
        undo.taken = replace(undo.taken, predecessor=before)

    async def _resolve_letters(self, undo: Undo) -> None:
        """Tell the letter that it could not be undone, if there is one, that it is by now."""
        if find_letters(self._run, undo.compensation):
            self._log.write()  # at once: to tell the letter may take long
            await resolve_letters(self._run, undo.compensation)

    async def _give_up(self, undo: Undo, failure: Failure | None) -> Failure:
        run, node, skipped = self._run, undo.compensation, undo.order
        if skipped is not None:
            failure = skipped.to_failure(failure)
        assert failure is not None
        failure = record_failed(run, node, failure)
        self._log.note(undo.node, UndoneStatus.NOT_UNDONE, skipped)
        self._log.write()  # at once: to keep the letter may take long
        undo.stage = UndoStage.FAILING
        undo.carry_out_order()
        if run.program.saga_queue is not None:
            assert undo.taken is not None
            given, key = _get_arguments(undo.taken), idempotency_key(run, undo.node)
            redrive = describe_compensation(run, undo, undo.taken)
            await write_letter(run, run.program.saga_queue, FailedEffect(node, failure, given, key, redrive))
        self._end(undo, "failed" if skipped is None else "skipped", failure)
        return failure

    def _end(self, undo: Undo, status: CompensationOutcome, error: Failure | None) -> None:
        run = self._run
        observe_compensation_end(run, undo.node, undo.compensation, status, error)
        run.saga.end(undo, undone=status == "completed")
        undo.carry_out_order()
        run.has_failed_compensation = run.saga.has_stuck
        report: CompensationReport = {
            "step": undo.node.path,
            "status": status,
            "error": error.to_json() if error else None,
        }
        if orders := run.progress.of(undo.compensation.path).orders:
            report["orders"] = orders
        add_key_path(report, undo.node)
        undo.report = report

    def _add_report(self, undo: Undo) -> None:
        if undo.report is not None:
            self._run.compensations.add(undo.report)


async def run_compensation(
    run: Run,
    node: Node,
    prepared: Prepared,
    machine: Machine,
    cancel_scope: CancelScope | None = None,
    note_failed_child: Callable[[bool], None] = lambda _: None,
) -> JsonValue:
    """Run a compensation whose arguments are known.

    Args:
        run: The run.
        node: The compensation.
        prepared: Its arguments, or what it sees.
        machine: Runs the steps inside it.
        cancel_scope: What may stop it; None: nothing.
        note_failed_child: Is called if a child was to undo, and has failed: with whether it has undone itself.

    Raises:
        StepFailed: it failed for good, or its arguments could not be computed.
    """
    cancel_scope = cancel_scope or CancelScope()
    if isinstance(prepared, Failure):
        raise StepFailed(prepared)
    if isinstance(prepared, ActivityCall | ChildCall):
        call, scope = prepared, Scope({}, cancel_scope, can_continue_as_new=False)
        return await run_with_deadline(
            node.deadline, lambda _: _call(run, node, call, note_failed_child), scope, run.effects
        )
    scope = prepared.with_cancel_scope(cancel_scope)
    context = StepContext(run, node, scope, machine)
    return await run_with_deadline(
        node.deadline, lambda inner: machine.perform(context.with_scope(inner)), scope, run.effects
    )


async def _call(
    run: Run, node: Node, call: ActivityCall | ChildCall, note_failed_child: Callable[[bool], None]
) -> JsonValue:
    """Make a call that undoes something.

    What is known of a child is noted here, because a deadline around the call has an error of its own.
    """
    try:
        return await make_call(run, node, call)
    except StepFailed as failed:
        if failed.failure.outcome is not Outcome.NOT_STARTED:
            note_failed_child(failed.failure.outcome is Outcome.FAILED and not failed.failure.stands)
        raise
    except asyncio.CancelledError:
        if isinstance(call, ChildCall) and is_undone_if_cancelled(call):
            note_failed_child(True)
        raise


def _renew(run: Run, undo: Undo) -> Prepared:
    """What is to be done now. It is what was prepared, but for the name of an activity that was called before."""
    prepared, node = undo.taken, undo.compensation
    assert prepared is not None
    if isinstance(prepared, ActivityCall) and undo.attempts > 1:
        return replace(prepared, id=next_activity_id(run, node.path))
    return prepared


def _describe_undoing(run: Run, undo: Undo) -> str:
    """What Temporal's UI shows while a step is being undone."""
    step, left = undo.node.path, len(run.saga.under_way)
    order = f"{run.effects.workflow_id} {step} --reason WHY"
    return (
        f"undoing `{step}`, {left} left to undo. If it hangs: `stepfile compensation retry {order}` or "
        f"`stepfile compensation skip {order}`"
    )


def _get_arguments(prepared: Prepared) -> JsonValue:
    return list(prepared.args) if isinstance(prepared, ActivityCall | ChildCall) else None
