"""The machine: runs a program against the outside world. The one `match` over the kinds of step is here."""

from __future__ import annotations

import asyncio
from typing import assert_never

from dsl.expressions import JsonValue
from dsl.model import (
    ActivityCompensation,
    ActivityStep,
    BlockCompensation,
    BlockStep,
    ChildCompensation,
    ChildStep,
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
from interpreter.failure.failure import StepFailed
from interpreter.modifiers.catch import caught
from interpreter.modifiers.compensate import compensated
from interpreter.modifiers.dead_letter import posted
from interpreter.modifiers.deadline import within
from interpreter.modifiers.finally_ import leaving
from interpreter.program.model import Node
from interpreter.state.machine_port import Machine
from interpreter.state.progress import State
from interpreter.state.returned import Returned
from interpreter.state.run import Run
from interpreter.state.scope import Scope
from interpreter.steps import (
    activity,
    child_workflow,
    for_each,
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
        asyncio.CancelledError: the scope around it was asked to stop.
    """
    scope.stop.check()
    known = run.known(node)
    if known is not None and known.is_over:
        return run.result_of(node)
    await run.breathe()
    await run.checkpoint(scope)
    scope = scope.for_step(run.key_of(node))
    if known is None:
        run.began(node)
    try:
        if known is None and not run.condition(node.when, scope, f"{node.path}: when"):
            run.skipped(node)
            return None
        state, result = await leaving(
            run, node.finally_, scope, lambda: _without_finally(run, node, scope), MACHINE
        )
    except StepFailed as failed:
        raise StepFailed(run.failed(node, failed.failure)) from failed
    except asyncio.CancelledError:
        run.was_cancelled(node)
        raise
    except Returned as returned:
        run.completed(node, returned.value)
        raise
    return run.completed(node, result, state)


async def _without_finally(run: Run, node: Node, scope: Scope) -> tuple[State, JsonValue]:
    """The one order after a failure: retries, `catch`, dead letter. A request to stop is none of them."""
    try:
        try:
            return "completed", await within(
                node.deadline,
                lambda inner: compensated(run, node, inner, perform),
                scope,
                run.effects,
                run.progress.of(node.path).started_at,
            )
        except StepFailed as failed:
            if scope.stop.requested:
                raise
            run.went_wrong(node, failed.failure)
            return "caught", await caught(run, node, scope, failed, MACHINE)
    except StepFailed as failed:
        if node.dead_letter is None or scope.stop.requested or isinstance(node.step, ForEachStep):
            raise  # the letters of a for_each are those of its items
        await posted(run, node, node.dead_letter, failed)
        run.went_wrong(node, failed.failure)
        return "dead_lettered", None


async def perform(run: Run, node: Node, scope: Scope) -> JsonValue:
    """Do what the step's action says."""
    match node.step:
        case ActivityStep() | ActivityCompensation() | HttpStep() | HttpCompensation():
            return await activity.perform(run, node, scope)
        case ChildStep() | ChildCompensation():
            return await child_workflow.perform(run, node, scope)
        case BlockStep() | BlockCompensation() as step:
            return await steps.perform(run, node, step, scope, MACHINE)
        case ParallelStep() as step:
            return await parallel.perform(run, node, step, scope, MACHINE)
        case RaceStep() as step:
            return await race.perform(run, node, step, scope, MACHINE)
        case SwitchStep() as step:
            return await switch.perform(run, node, step, scope, MACHINE)
        case ForEachStep() as step:
            return await for_each.perform(run, node, step, scope, MACHINE)
        case RepeatStep() as step:
            return await repeat.perform(run, node, step, scope, MACHINE)
        case SetStep() as step:
            return set_.perform(run, node, step, scope)
        case WaitStep() | WaitUntilStep() as step:
            return await wait.perform(run, node, step, scope)
        case WaitForStep() as step:
            return await wait_for.perform(run, node, step, scope)
        case SignalStep() as step:
            return await signal.perform(run, node, step, scope)
        case RaiseStep() as step:
            return raise_.perform(run, node, step, scope)
        case ReturnStep() as step:
            return return_.perform(run, node, step, scope)
        case PagingCall():
            raise AssertionError("a part of a for_each")
        case unknown:
            assert_never(unknown)


MACHINE = Machine(run_steps, perform)
