"""The run of a redrive: one step of a definition, an item of a loop, or a compensation, and nothing else.

It sees what its request says (`interpreter.state.only_step`). Its keys are those of the run that has failed, so a
service that had done the work before does not do it twice. It undoes nothing when it fails: what it has done stands
under those keys, and the next redrive begins there.

Its own dead letter is off, because the letter hears of the end of the run. There is one exception. A block that is
tried again, or that handles an error, undoes what is inside it, also in a redrive. Then the letter must know the next
keys, so it is written again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dsl.expressions import JsonValue
from dsl.json_schema.write_only import name_place
from dsl.model import BlockCompensation, Common, ForEachStep
from interpreter.calls.prepare import restore_call
from interpreter.failure.failure import Failure, Outcome, StepFailed
from interpreter.flow.iteration import Iteration
from interpreter.letters.redrive import describe_item, describe_step
from interpreter.modifiers.dead_letter import route_failure
from interpreter.modifiers.undo import run_compensation
from interpreter.program.model import DeadLetterRoute, Node
from interpreter.state.context import Machine
from interpreter.state.evaluator import evaluate
from interpreter.state.only_step import OnlyStep, find_only_node
from interpreter.state.run import NOT_REACHED, Run
from interpreter.state.scope import Scope


async def run_only_step(run: Run, only: OnlyStep, scope: Scope, machine: Machine) -> JsonValue:
    """Run the only step.

    Returns:
        The result of the step, the item or the compensation.

    Raises:
        StepFailed: it failed for good, or lacks a secret value that its letter does not hold.
        Returned: a step inside it has ended the run.
        asyncio.CancelledError: the run was asked to stop.
    """
    node = find_only_node(run.program, only)
    if not run.continued:
        _check_hidden(run, only)
        _restore_what_is_seen(run, only, node)
    scope = scope.with_names(**only.names).in_frame(node.frame)
    if only.undo is not None:
        return await _run_compensation(run, node, only.undo, scope, machine)
    try:
        if only.item is not None:
            return await _run_item(run, node, only.item, scope, machine)
        return await machine.run_steps(run, (_strip(node),), scope)
    except StepFailed as failed:
        if run.undone == only.undone or node.dead_letter is None:
            raise
        await _write_again(run, node, node.dead_letter, failed, scope)
        raise


async def _write_again(
    run: Run, node: Node, route: DeadLetterRoute, failed: StepFailed, scope: Scope
) -> None:
    """
    Raises:
        StepFailed: the failure itself.
    """
    assert run.only is not None
    route, item = replace(route, then_continue=False), run.only.item
    if item is None:
        return await route_failure(run, node, route, failed, describe_step(run, node, scope), ())
    iteration = _find_iteration(run, node, item)
    redrive = describe_item(run, node, iteration.number, iteration.key, scope)
    return await route_failure(run, iteration.as_node(), route, failed, redrive, ())


def _check_hidden(run: Run, only: OnlyStep) -> None:
    """
    Raises:
        StepFailed: a secret value is missing that the step reads.
    """
    seen = {"input": run.data, "vars": only.vars, "steps": only.steps, **only.names}
    if only.undo is not None and "call" in only.undo:
        seen["args"] = only.undo["call"]["args"]
    for place in only.hidden:
        found = _find(seen, place)
        if isinstance(found, str) and _LABEL in found:
            name = name_place(place[1:], str(place[0]))
            message = (
                f"{name} is a secret value, which a letter does not hold; put it in before the step is run"
            )
            raise StepFailed(
                Failure("InvalidInput", message, non_retryable=True, outcome=Outcome.NOT_STARTED)
            )


_LABEL = "[writeOnly "


def _find(data: Any, place: tuple[str | int, ...]) -> Any:
    for key in place:
        try:
            data = data[key]
        except (LookupError, TypeError):
            return None
    return data


def _restore_what_is_seen(run: Run, only: OnlyStep, node: Node) -> None:
    run.identity = only.identity or only.workflow_id
    run.vars, run.undone, run.saga.pivot = dict(only.vars), dict(only.undone), only.pivot
    inside = {each.id: NOT_REACHED for each in node.walk() if each.id is not None}
    run.frames[node.frame] = {**run.frames[""], **inside, **only.steps}


def _strip(node: Node) -> Node:
    """Leave out what a redrive has no use for. That the step is to be run was decided in the run that has failed."""
    assert isinstance(node.step, Common)
    step = node.step.model_copy(update={"when": None})
    return replace(node, step=step, dead_letter=None, compensation=None)


async def _run_item(
    run: Run, loop: Node, item: Mapping[str, Any], scope: Scope, machine: Machine
) -> JsonValue:
    step, iteration = loop.step, _find_iteration(run, loop, item)
    assert isinstance(step, ForEachStep)
    inside = iteration.enter(scope)
    result = await machine.run_steps(run, iteration.body, inside)
    if step.result is not None:
        result = evaluate(run, step.result, inside, f"{iteration.path}: result")
    return result


def _find_iteration(run: Run, loop: Node, item: Mapping[str, Any]) -> Iteration:
    return Iteration(run, loop, item["number"], item.get("key"))


async def _run_compensation(
    run: Run, node: Node, undo: Mapping[str, Any], scope: Scope, machine: Machine
) -> JsonValue:
    if isinstance(node.step, BlockCompensation):
        return await run_compensation(run, node, scope, machine)
    return await run_compensation(run, node, restore_call(run, node, undo["call"]), machine)
