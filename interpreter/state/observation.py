"""What happens in a run is told to those who listen (`interpreter.events`); all events are built here.

Each function first asks whether anybody listens. Those for steps and items are called so often that they leave this
question to their caller.
"""

from __future__ import annotations

from datetime import timedelta
from typing import overload

from dsl.model import CompensationCommon
from interpreter.events import (
    AlertEnded,
    BreakerChanged,
    BreakerUnobserved,
    CompensationEnded,
    CompensationOrdered,
    CompensationOutcome,
    CompensationStarted,
    DeadLetterWritten,
    ItemEnded,
    Place,
    RetryScheduled,
    RunContinuedAsNew,
    RunEnded,
    RunStarted,
    StepEnded,
    StepOutcome,
    StepStarted,
    UndoingEnded,
    UndoingStarted,
)
from interpreter.failure.failure import Failure
from interpreter.program.model import Node
from interpreter.program.paths import find_defined
from interpreter.state.breaker import Breaker, State
from interpreter.state.compensation_orders import CompensationOrder
from interpreter.state.hidden_input import hide_in_failure
from interpreter.state.run import Run


def observe_run_start(run: Run) -> None:
    """Tell that a run begins."""
    if run.effects.is_observed:
        run.effects.observe(RunStarted(run.attempt))


def observe_continue_as_new(run: Run) -> None:
    """Tell that a run goes on as a new one."""
    if run.effects.is_observed:
        run.effects.observe(RunContinuedAsNew())


def observe_run_end(run: Run, bug: BaseException | None) -> None:
    """Tell that a run is over.

    Args:
        run: The run.
        bug: What has ended it, if that is a mistake of ours.
    """
    if not run.effects.is_observed:
        return
    outcome, failure = run.status, run.failure if run.status == "failed" else None
    if outcome == "running" or bug is not None:
        outcome, failure = "failed", Failure("InterpreterError", f"{type(bug).__name__}: {bug}")
    now = run.effects.now()
    run.effects.observe(RunEnded(outcome, run.started_at or now, now, _hide(run, failure)))


def observe_step_start(run: Run, node: Node) -> None:
    """Tell that a step begins, if `is_observed`. Compensations have events of their own."""
    if not isinstance(node.step, CompensationCommon):
        run.effects.observe(StepStarted(_locate(run, node), node.kind))


def observe_step_end(run: Run, node: Node, outcome: StepOutcome) -> None:
    """Tell that a step is over, if `is_observed`. Compensations have events of their own."""
    if isinstance(node.step, CompensationCommon):
        return
    step, now = run.progress.of(node.path), run.effects.now()
    failure = step.error if outcome in ("failed", "caught", "dead_lettered") else None
    place, began = _locate(run, node), step.started_at or now
    run.effects.observe(StepEnded(place, node.kind, outcome, began, now, step.attempts, _hide(run, failure)))


def observe_retry(run: Run, node: Node, attempt: int, wait: timedelta, failure: Failure) -> None:
    """Tell that an attempt has failed, and that the run will make another one."""
    if run.effects.is_observed:
        began = run.progress.of(node.path).started_at
        undoing_for = run.effects.now() - began if node.undoes and began is not None else None
        place = _locate(run, node)
        run.effects.observe(RetryScheduled(place, attempt, wait, _hide(run, failure), undoing_for))


def observe_item_end(run: Run, loop: Node, number: int, failure: Failure | None) -> None:
    """Tell that one item of a loop is over, if `is_observed`."""
    run.effects.observe(ItemEnded(_locate(run, loop), number, _hide(run, failure)))


def observe_undoing_start(run: Run, total: int) -> None:
    """Tell that some steps are about to be undone."""
    if run.effects.is_observed:
        run.effects.observe(UndoingStarted(total))


def observe_undoing_end(run: Run, undone: int, not_undone: int) -> None:
    """Tell that the compensations that were due have ended."""
    if run.effects.is_observed:
        run.effects.observe(UndoingEnded(undone, not_undone))


def observe_compensation_start(run: Run, node: Node) -> None:
    """Tell that a step is being undone."""
    if run.effects.is_observed:
        run.effects.observe(CompensationStarted(_locate(run, node)))


def observe_compensation_order(run: Run, node: Node, order: CompensationOrder) -> None:
    """Tell that somebody has ordered what is to be done about the undoing of a step."""
    if run.effects.is_observed:
        run.effects.observe(CompensationOrdered(_locate(run, node), order.kind, order.by, order.reason))


def observe_compensation_end(
    run: Run, node: Node, compensation: Node, outcome: CompensationOutcome, failure: Failure | None
) -> None:
    """Tell that the undoing of a step is over."""
    if run.effects.is_observed:
        step, now = run.progress.of(compensation.path), run.effects.now()
        began, ended = step.started_at or now, step.ended_at or now
        run.effects.observe(CompensationEnded(_locate(run, node), outcome, began, ended, _hide(run, failure)))


def observe_dead_letter(run: Run, node: Node, queue: str, failure: Failure, lost: Failure | None) -> None:
    """Tell that a failure was kept, or should have been."""
    if run.effects.is_observed:
        run.effects.observe(
            DeadLetterWritten(_locate(run, node), queue, _hide(run, failure), _hide(run, lost))
        )


def observe_alert(run: Run, alert: str, lost: Failure | None) -> None:
    """Tell that an activity was told of something, or should have been."""
    if run.effects.is_observed:
        run.effects.observe(AlertEnded(alert, _hide(run, lost)))


def observe_breaker(run: Run, name: str, breaker: Breaker, before: State) -> None:
    """Tell that a circuit breaker has changed its state, if it has."""
    if breaker.state is not before and run.effects.is_observed:
        run.effects.observe(BreakerChanged(name, breaker.state.value))


def observe_unobserved_breaker(run: Run, node: Node, name: str, task_queue: str | None) -> None:
    """Tell that the worker of a step has not asked the shared breaker of the step."""
    if run.effects.is_observed:
        run.effects.observe(BreakerUnobserved(_locate(run, node), name, task_queue))


@overload
def _hide(run: Run, failure: Failure) -> Failure: ...


@overload
def _hide(run: Run, failure: Failure | None) -> Failure | None: ...


def _hide(run: Run, failure: Failure | None) -> Failure | None:
    """Replace secret values of the input: whoever listens may show an event to people."""
    return failure if failure is None or not run.hidden else hide_in_failure(run.hidden, failure)


def _locate(run: Run, node: Node) -> Place:
    name = node.path[len(node.frame) :]
    if not name:  # an item of a loop, on its way to a dead letter
        defined = find_defined(run.program, node.path)
        name = defined.path if defined is not None else node.path
    return Place(node.path, name)
