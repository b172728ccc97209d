"""The machine: runs a program against the outside world. The one `match` over the kinds of step is here.

`run_step` and `_run_without_finally` are the order of modifiers around each step, from the outside in:

    finally → dead letter → catch → deadline → compensation → the action (with its retries and circuit breaker)
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, assert_never

from dsl.expressions import JsonValue
from dsl.model import (
    ActivityCompensation,
    ActivityStep,
    BlockCompensation,
    BlockStep,
    ChildWorkflowCompensation,
    ChildWorkflowStep,
    ForEachStep,
    HttpCompensation,
    HttpStep,
    PagingCall,
    ParallelStep,
    RaceStep,
    RaiseStep,
    RepeatStep,
    ReturnStep,
    SetStep,
    SignalStep,
    SwitchStep,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
)
from interpreter.events import StepOutcome
from interpreter.failure.failure import StepFailed
from interpreter.letters.redrive import describe_step
from interpreter.letters.told_letters import resolve_letters
from interpreter.modifiers.catch import handle_failure
from interpreter.modifiers.compensate import run_with_compensation
from interpreter.modifiers.dead_letter import route_failure
from interpreter.modifiers.deadline import run_with_deadline
from interpreter.modifiers.finally_ import run_with_finally
from interpreter.program.model import Node
from interpreter.state.context import Machine, StepContext
from interpreter.state.evaluator import give_way
from interpreter.state.journal import (
    find_known,
    get_result,
    record_cancelled,
    record_completed,
    record_error,
    record_failed,
    record_skipped,
    record_start,
    show_cancelled,
    show_completed,
    show_failed,
)
from interpreter.state.keys import idempotency_key
from interpreter.state.pauses import checkpoint
from interpreter.state.position import KeepPosition, Position, current_position
from interpreter.state.returned import Returned
from interpreter.state.run import Run
from interpreter.state.scope import Scope
from interpreter.steps import (
    activity,
    child_workflow,
    for_each,
    http,
    parallel,
    race,
    raise_,
    repeat,
    return_,
    set_,
    signal,
    steps,
    switch,
    wait,
    wait_for,
    wait_until,
)


async def run_steps(run: Run, nodes: tuple[Node, ...], scope: Scope) -> JsonValue:
    """Run steps in order; the result is the last one's, null when it was skipped."""
    result: JsonValue = None
    for node in nodes:
        result = await run_step(run, node, scope)
    return result


async def run_step(run: Run, node: Node, scope: Scope) -> JsonValue:
    """Run one step with everything that its modifiers ask for.

    Raises:
        StepFailed: it failed for good.
        Returned: it, or a step inside it, ended the run.
        asyncio.CancelledError: the scope around it was cancelled.
    """
    scope.cancel_scope.raise_if_cancelled()
    known = find_known(run, node)
    if known is not None and known.is_over:
        return get_result(run, node)
    await give_way(run)
    await checkpoint(run, scope)
    context = StepContext(run, node, scope.for_step(idempotency_key(run, node)), MACHINE)
    # What was resumed begins here: its deadline runs from now.
    progress = known if known is not None and known.state != "pending" else record_start(run, node)
    with KeepPosition() as outer:
        current_position.set(Position(node.path, progress.started_at, outer))
        try:
            if known is None and not context.evaluate_condition(node.when, "when"):
                record_skipped(run, node)
                return None
            work = _run_before_finally if node.finally_ else _run_without_finally
            state, result = await run_with_finally(
                run, node.finally_, context.scope, lambda: work(context), MACHINE
            )
        except StepFailed as failed:
            raise StepFailed(record_failed(run, node, failed.failure)) from failed
        except asyncio.CancelledError:
            record_cancelled(run, node)
            raise
        except Returned as returned:
            record_completed(run, node, returned.value)
            raise
        return record_completed(run, node, result, state)


async def _run_before_finally(context: StepContext) -> tuple[StepOutcome, JsonValue]:
    """Run a step up to its `finally`, which can read how the step has ended."""
    run, node = context.run, context.node
    try:
        state, result = await _run_without_finally(context)
    except StepFailed as failed:
        show_failed(run, node, failed.failure.at_step(node.path))
        raise
    except asyncio.CancelledError:
        show_cancelled(run, node)
        raise
    except Returned as returned:
        show_completed(run, node, returned.value)
        raise
    show_completed(run, node, result, state)
    return state, result


async def _run_without_finally(context: StepContext) -> tuple[StepOutcome, JsonValue]:
    """Follow the one order after a failure: retries, `catch`, dead letter. A cancellation takes none of them."""
    run, node, scope = context.run, context.node, context.scope
    try:
        try:
            result = await run_with_deadline(
                node.deadline,
                lambda inner: run_with_compensation(context.with_scope(inner)),
                scope,
                run.effects,
                context.progress.started_at,
            )
        except StepFailed as failed:
            if scope.cancel_scope.cancel_called:
                raise
            record_error(run, node, failed.failure)
            return "caught", await handle_failure(context, failed)
        if run.letters:
            await resolve_letters(run, node)
        return "completed", result
    except StepFailed as failed:
        if (
            node.dead_letter is None
            or scope.cancel_scope.cancel_called
            or isinstance(node.step, ForEachStep)  # its letters are those of its items
        ):
            raise
        redrive = describe_step(run, node, scope)
        await route_failure(run, node, node.dead_letter, failed, redrive, scope.inside)
        record_error(run, node, failed.failure)
        return "dead_lettered", None


def perform(context: StepContext) -> Coroutine[Any, Any, JsonValue]:
    """Do what the step's action says."""
    match context.node.step:
        case ActivityStep() | ActivityCompensation():
            return activity.perform(context)
        case HttpStep() | HttpCompensation():
            return http.perform(context)
        case ChildWorkflowStep() | ChildWorkflowCompensation():
            return child_workflow.perform(context)
        case BlockStep() | BlockCompensation() as step:
            return steps.perform(context, step)
        case ParallelStep() as step:
            return parallel.perform(context, step)
        case RaceStep() as step:
            return race.perform(context, step)
        case SwitchStep() as step:
            return switch.perform(context, step)
        case ForEachStep() as step:
            return for_each.perform(context, step)
        case RepeatStep() as step:
            return repeat.perform(context, step)
        case SetStep() as step:
            return set_.perform(context, step)
        case WaitStep() as step:
            return wait.perform(context, step)
        case WaitUntilStep() as step:
            return wait_until.perform(context, step)
        case WaitForStep() as step:
            return wait_for.perform(context, step)
        case SignalStep() as step:
            return signal.perform(context, step)
        case RaiseStep() as step:
            return raise_.perform(context, step)
        case ReturnStep() as step:
            return return_.perform(context, step)
        case PagingCall():
            raise AssertionError("a part of a for_each")
        case _:
            assert_never(context.node.step)


MACHINE = Machine(run_steps, perform)
