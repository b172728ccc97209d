"""Calls of child workflows: made ready when their input is known."""

from __future__ import annotations

from dsl.expressions import ExprError, JsonValue, Template
from dsl.model import ChildAction, ChildStep
from dsl.problems.wording import found
from interpreter.calls.arguments import positional
from interpreter.calls.task_queues import task_queue
from interpreter.effects import Cancellation, ChildCall
from interpreter.failure.failure import expression_failed
from interpreter.program.compiler import compile_program
from interpreter.program.model import ChildPlan, Node
from interpreter.state.run import Run
from interpreter.state.scope import Scope

_KEY_OF_UNDONE = Template.value("${ step.key }.compensate")

LONGEST_ID = 1000
"""Bytes: Temporal's limit."""


def prepare_child(run: Run, node: Node, plan: ChildPlan, scope: Scope) -> ChildCall:
    """Evaluate the input and the id.

    Raises:
        StepFailed: one has no value; nothing was started.
    """
    step, child = node.step, plan.workflow
    assert isinstance(step, ChildAction)
    args: tuple[JsonValue, ...]
    if child.definition is not None:
        args = (_input(run, step.input, scope, f"{node.path}: input"),)
    else:
        args = positional(run, step.args, scope, f"{node.path}: args")
    queue = task_queue(run, child.task_queue, scope, node.path)
    return child_call(run, node, plan, _workflow_id(run, node, child.workflow_id, scope), args, queue)


def child_call(
    run: Run, node: Node, plan: ChildPlan, workflow_id: str, args: tuple[JsonValue, ...], queue: str | None
) -> ChildCall:
    """The call whose id, arguments and task queue are known."""
    step, child = node.step, plan.workflow
    assert isinstance(step, ChildAction)
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
        summary=step.summary or node.path,
        task_queue=queue,
        timeouts=plan.timeouts,
        retry=plan.retry,
        parent_close_policy=child.parent_close_policy,
        cancellation=Cancellation(step.cancellation) if isinstance(step, ChildStep) else Cancellation.WAIT,
        only_started=child.wait == "started",
    )


def _input(run: Run, template: Template | None, scope: Scope, what: str) -> JsonValue:
    return None if template is None else run.evaluate(template, scope, what)


def _workflow_id(run: Run, node: Node, template: Template | None, scope: Scope) -> str:
    """Without one of its own it is the key of the effect: of the step, or of the step that is being undone."""
    value: JsonValue
    if template is not None:
        value = run.evaluate(template, scope, f"{node.path}: workflow_id")
    elif isinstance(node.step, ChildStep):
        value = run.key_of(node)
    else:
        value = run.evaluate(_KEY_OF_UNDONE, scope, node.path)
    if isinstance(value, str) and 0 < len(value.encode()) <= LONGEST_ID:
        return value
    error = ExprError("E_VALUE", f"expected 1 to {LONGEST_ID} bytes of text, found {found(value)}")
    raise expression_failed(error, f"{node.path}: workflow_id")
