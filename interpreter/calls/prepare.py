"""Calls of activities and children: made ready when the arguments are known, made at once or (to undo) much later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dsl.expressions import JsonValue
from dsl.model import ActivityAction, ActivityStep, Call, HttpAction, ServiceStep
from interpreter.calls.arguments import Arguments, evaluate_arguments
from interpreter.calls.children import build_child_call, find_known, prepare_child
from interpreter.calls.priorities import evaluate_priority, export_priority, restore_priority
from interpreter.calls.task_queues import evaluate_task_queue
from interpreter.effects import ActivityCall, Cancellation, ChildCall
from interpreter.program.model import Node
from interpreter.state.context import StepContext
from interpreter.state.hidden_input import find_hidden
from interpreter.state.keys import next_activity_id
from interpreter.state.run import Run

_TOLD_TO_CHILDREN = ("generation", "least_generation", "started_with")
"""What was prepared of what a child is told of those before it. The rest is in the request of the run."""


async def make_call(run: Run, node: Node, prepared: ActivityCall | ChildCall) -> JsonValue:
    """Run an activity or a child workflow whose arguments are already known."""
    if isinstance(prepared, ChildCall):
        run.progress.of(node.path).child = prepared.id
        return await run.effects.call_child(prepared)
    result = await run.effects.call_activity(prepared)
    run.progress.of(node.path).attempts = result.attempts
    return result.value


def prepare_call(context: StepContext) -> ActivityCall | ChildCall:
    """Evaluate the arguments.

    Raises:
        StepFailed: an argument has no value; nothing was started.
    """
    run, node = context.run, context.node
    if node.child is not None:
        return prepare_child(context, node.child)
    step = node.step
    assert isinstance(step, ActivityAction | HttpAction)
    assert node.plan is not None
    args = evaluate_arguments(context, step)
    queue = evaluate_task_queue(context, node.plan.task_queue)
    priority = evaluate_priority(context, node.plan.priority)
    call = _build_activity_call(run, node, next_activity_id(run, node.path), context.scope.key, args, queue)
    return call if priority is None else replace(call, priority=priority)


def export_call(call: ActivityCall | ChildCall) -> dict[str, Any]:
    """Write down what of a prepared call is not in the definition."""
    data = {"id": call.id, "args": list(call.args), "task_queue": call.task_queue}
    data |= export_priority(call.priority)
    if isinstance(call, ChildCall):
        known = call.predecessor.to_json()
        return data | {key: known[key] for key in _TOLD_TO_CHILDREN if key in known}
    secrets = {"secrets": list(call.secrets)} if call.secrets else {}
    return {"key": call.key, **data, **secrets}


def restore_call(run: Run, node: Node, data: Mapping[str, Any]) -> ActivityCall | ChildCall:
    """A call that another run has prepared: of what is not in the definition, `data` has it."""
    values = tuple(data["args"])
    if node.child is not None:
        known, least = find_known(run, data["id"]), data.get("least_generation", 1)
        before = known.begin_with(data.get("generation", 1), least)
        if "started_with" in data:
            before = replace(before, started_with=data["started_with"])
        child = build_child_call(run, node, data["id"], values, data["task_queue"], before)
        return replace(child, priority=restore_priority(data))
    args = Arguments(values, tuple(data.get("secrets", ())))
    call = _build_activity_call(
        run, node, next_activity_id(run, node.path), data["key"], args, data["task_queue"]
    )
    return replace(call, priority=restore_priority(data))


def _build_activity_call(
    run: Run, node: Node, activity_id: str, key: str, args: Arguments, queue: str | None
) -> ActivityCall:
    step, plan, name = node.step, node.plan, node.activity
    assert isinstance(step, Call)
    assert plan is not None
    assert name is not None
    return ActivityCall(
        id=activity_id,
        key=key,
        name=name,
        args=args.values,
        summary=node.summary,
        task_queue=queue,
        timeouts=plan.timeouts,
        retry=plan.retry,
        cancellation=_choose_cancellation(node),
        local=isinstance(step, ActivityStep) and step.local,
        undoes=node.undoes,
        secrets=args.secrets,
        hidden=tuple(find_hidden(run.hidden, list(args.values))) if run.hidden else (),
    )


def _choose_cancellation(node: Node) -> Cancellation:
    """A step with a compensation is waited for: nothing is undone while it still runs. So is the pivot, whose end
    decides whether anything is, and what undoes: when its deadline or a person stops it, nothing else is undone, and
    it is not tried again, while it still runs."""
    if isinstance(node.step, ServiceStep) and node.step.cancellation is not None:
        return Cancellation(node.step.cancellation)
    return Cancellation.WAIT if node.compensation or node.pivot or node.undoes else Cancellation.TRY
