"""A child workflow runs as a step. It is a definition of the bundle, or a workflow of the user's own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from dsl.model.model import Model, key
from dsl.model.policies import RetryRef, WorkflowTimeouts
from dsl.model.values import Maybe, Name, TaskQueue, Title, Value, Word

ParentClosePolicy = Literal["terminate", "request_cancel", "abandon"]


class ChildWorkflow(Model):
    """Say which workflow runs as a child, and how it is started."""

    noun = '"child_workflow"'

    definition: Maybe[Name] = key("A definition of `definitions`.", example="ship-order", default=None)
    type: Maybe[Word] = key(
        "A workflow type that a worker has registered, in any language, instead of a definition.",
        example="ShipOrder",
        default=None,
    )
    workflow_id: Maybe[Value] = key(
        "Id of the child. Without it, the id of this workflow and the step's path: `order-17/ship`.",
        example="ship-${ input.order_id }",
        default=None,
    )
    task_queue: Maybe[TaskQueue] = key(
        "Task queue of the child, or an expression that yields it; without it that of this workflow.",
        example="shipping",
        default=None,
    )
    parent_close_policy: ParentClosePolicy = key(
        "What the server does with a child that still runs when this workflow ends, or continues as new.",
        example="request_cancel",
        default="terminate",
    )
    wait: Literal["completed", "started"] = key(
        "Whether the step waits until the child has `completed`, or only until it has `started`; the result is then "
        "`{workflow_id, run_id}`.",
        example="started",
        default="completed",
    )


def _form(data: Any) -> str:
    return "kind:definition name" if isinstance(data, str) else "kind:child"


ChildWorkflowRef = Annotated[
    Annotated[Name, Tag("kind:definition name")] | Annotated[ChildWorkflow, Tag("kind:child")],
    Discriminator(_form),
]
"""The name of a definition, or which workflow runs and how it is started."""


class ChildWorkflowAction(Model):
    """This action calls another workflow."""

    noun = "a call of a child workflow"

    child_workflow: ChildWorkflowRef = key(
        "A definition of `definitions`, or a workflow type that a worker has registered.",
        example="ship-order",
    )
    input: Maybe[Value] = key(
        "The input of a definition.", example={"order_id": "${ input.order_id }"}, default=None
    )
    args: Maybe[Value] = key(
        "The arguments of a registered type: a list is the positional arguments, anything else is one argument.",
        example=["${ input.order_id }"],
        default=None,
    )
    summary: Maybe[Title] = key(
        "Text for Temporal's UI instead of the step's id.", example="Ship the order", default=None
    )
    timeouts: Maybe[WorkflowTimeouts] = key(
        "The child's timeouts, laid over those of its definition key by key, and the deadline of this step.",
        example={"deadline": "1h"},
        default=None,
    )
    retry: Maybe[RetryRef] = key(
        "How the server starts the child again after a failure, laid over the `retry` of its definition key by "
        "key. Without either it runs once: `defaults.retry` is for activities.",
        example={"maximum_attempts": 3},
        default=None,
    )


def get_child_workflow(action: ChildWorkflowAction) -> ChildWorkflow:
    """Get which workflow an action runs. The short form, a name, is turned into the long one."""
    child = action.child_workflow
    return ChildWorkflow.model_construct(definition=child) if isinstance(child, str) else child
