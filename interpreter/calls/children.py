"""Calls of child workflows: made ready when their input is known."""

from __future__ import annotations

from dataclasses import replace

from dsl.expressions import ExprError, JsonValue, Template
from dsl.model import ChildWorkflow, ChildWorkflowAction, ChildWorkflowStep
from interpreter.calls.arguments import evaluate_positional
from interpreter.calls.priorities import evaluate_priority, evaluate_start_priority, overlay_priority
from interpreter.calls.task_queues import evaluate_task_queue
from interpreter.calls.workflow_ids import check_workflow_id
from interpreter.effects import Cancellation, ChildCall, TaskPriority
from interpreter.failure.failure import expression_error
from interpreter.predecessor import NO_PREDECESSOR, Predecessor
from interpreter.program.compiled import compile_program
from interpreter.program.model import ChildPlan, Node
from interpreter.program.paths import join_key, split_key
from interpreter.state.context import StepContext
from interpreter.state.keys import get_generation, step_key
from interpreter.state.run import Run

UNDOES_ANEW = "stepfile-undoes-anew"
"""Names what a run does not do that was here before on a worker of an earlier release. Part of replay: never change
it."""

_KEY_OF_UNDONE = Template.value("${ step.key }.compensate")


def prepare_child(context: StepContext, plan: ChildPlan) -> ChildCall:
    """Evaluate the input and the id.

    Raises:
        StepFailed: one has no value; nothing was started.
    """
    step, child = context.node.step, plan.workflow
    assert isinstance(step, ChildWorkflowAction)
    args: tuple[JsonValue, ...]
    if child.definition is not None:
        args = (None if step.input is None else context.evaluate(step.input, "input"),)
    else:
        args = evaluate_positional(context, step.args)
    queue = evaluate_task_queue(context, child.task_queue)
    workflow_id = _choose_workflow_id(context, child.workflow_id)
    before = _find_predecessor(context, workflow_id)
    call = build_child_call(context.run, context.node, workflow_id, args, queue, before)
    return replace(call, priority=_choose_priority(context, child, call))


def build_child_call(
    run: Run,
    node: Node,
    workflow_id: str,
    args: tuple[JsonValue, ...],
    queue: str | None,
    before: Predecessor,
) -> ChildCall:
    """The call whose id, arguments and task queue are known, and what the child must know of those before it."""
    plan = node.child
    assert plan is not None
    step, child = node.step, plan.workflow
    assert isinstance(step, ChildWorkflowAction)
    if child.definition is not None:
        name, program = child.definition, compile_program(run.program.bundle, child.definition)
    else:
        assert child.type is not None  # dsl.rules.children
        name, program = child.type, None
    return ChildCall(
        id=workflow_id,
        name=name,
        program=program,
        args=args,
        limits=run.limits,
        summary=node.summary,
        task_queue=queue,
        timeouts=plan.timeouts,
        retry=plan.retry,
        parent_close_policy=child.parent_close_policy,
        cancellation=Cancellation(step.cancellation)
        if isinstance(step, ChildWorkflowStep)
        else Cancellation.WAIT,
        only_started=child.wait == "started",
        predecessor=before,
    )


def find_known(run: Run, workflow_id: str) -> Predecessor:
    """What the run was told of the children before that had a workflow id."""
    return run.predecessor.children.get(workflow_id, NO_PREDECESSOR)


def build_child_key(context: StepContext) -> str:
    """The idempotency key of the step that calls a child. Each time that a step is undone is another effect."""
    return join_key(step_key(context.run, context.node), _get_child_generation(context))


def _get_child_generation(context: StepContext) -> int:
    return get_generation(context.run, context.node) + _count_undoings(context)


def _count_undoings(context: StepContext) -> int:
    """Count how often the step that is undone here was undone before."""
    if not context.node.undoes:
        return 0
    _, generation = split_key(context.scope.key)
    return generation - 1 if generation > 1 and context.run.effects.may_do(UNDOES_ANEW) else 0


def _find_predecessor(context: StepContext, workflow_id: str) -> Predecessor:
    """What a child must know of those before it. One without an id of its own has another id for each generation."""
    run, node = context.run, context.node
    known = find_known(run, workflow_id)
    assert node.child is not None
    if node.child.workflow.workflow_id is None:
        return known
    generation = _get_child_generation(context)
    if node.compensated:  # the step may have undone all of it
        return known.begin_with(generation, generation)
    return known.begin_with(generation, run.predecessor.least_generation + _count_undoings(context))


def _choose_priority(context: StepContext, child: ChildWorkflow, call: ChildCall) -> TaskPriority | None:
    """What the step says is laid over what the definition of the child says."""
    below = None
    if call.program is not None:
        try:
            below = evaluate_start_priority(call.program.definition, call.args[0])
        except ExprError as error:
            raise expression_error(error, context.name_part("priority")) from None
    return overlay_priority(below, evaluate_priority(context, child.priority))


def _choose_workflow_id(context: StepContext, template: Template | None) -> str:
    """Without one of its own it is the key of the effect: of the step, or of the step that is being undone."""
    value: JsonValue
    if template is not None:
        value = context.evaluate(template, "workflow_id")
    elif isinstance(context.node.step, ChildWorkflowStep):
        value = build_child_key(context)
    else:
        value = context.evaluate(_KEY_OF_UNDONE, "workflow_id")
    return check_workflow_id(context, value, "workflow_id")


def is_undone_if_cancelled(call: ChildCall) -> bool:
    """Whether nothing of a child is left once this run has cancelled it: what it does again has other keys."""
    return call.undoes_if_cancelled and call.cancellation is Cancellation.WAIT
