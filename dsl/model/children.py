"""A child workflow runs as a step. It is a definition of the bundle, or a workflow of the user's own."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from dsl.model.model import Model, key
from dsl.model.policies import RetryRef, WorkflowTimeouts
from dsl.model.priority import Priority
from dsl.model.values import Maybe, Name, TaskQueue, Title, Value, Word

ParentClosePolicy = Literal["terminate", "request_cancel", "abandon"]


class ChildWorkflow(Model):
    """Say which workflow runs as a child, and how it is started."""

    noun = '"child_workflow"'

    definition: Maybe[Name] = key(
        "The name of a definition in `definitions`.", example="ship-order", default=None
    )
    type: Maybe[Word] = key(
        "Instead of a definition, a workflow type that a worker in any language has registered.",
        example="ShipOrder",
        default=None,
    )
    workflow_id: Maybe[Value] = key(
        "Workflow id of the child. Without it, the id is made of the id of this workflow and the path of the step: "
        "`order-17/ship`.",
        example="ship-${ input.order_id }",
        default=None,
    )
    task_queue: Maybe[TaskQueue] = key(
        "Task queue of the child, or an expression that yields its name. Without it, the child runs on the task "
        "queue of this workflow.",
        example="shipping",
        default=None,
    )
    priority: Maybe[Priority] = key(
        "Which of the waiting tasks of a task queue its workers get first, for the tasks of the child and of its "
        "activities. Each key replaces the same key of `priority` in the child's definition. Keys that are left out "
        "in both are those of this run.",
        example={"fairness_key": "${ input.tenant }"},
        default=None,
    )
    parent_close_policy: ParentClosePolicy = key(
        "What the server does with a child that is still running when this workflow ends or continues as new.",
        example="request_cancel",
        default="terminate",
    )
    wait: Literal["completed", "started"] = key(
        "Whether the step waits until the child has `completed`, or only until it has `started`. In the second case "
        "the result is `{workflow_id, run_id}`.",
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
        "The name of a definition in `definitions`, or a map that names a definition or a workflow type and says "
        "how it is started.",
        example="ship-order",
    )
    input: Maybe[Value] = key(
        "The input of the child, if the child is a definition.",
        example={"order_id": "${ input.order_id }"},
        default=None,
    )
    args: Maybe[Value] = key(
        "The arguments of the child, if the child is a registered type. A list holds the positional arguments; any "
        "other value is the only argument.",
        example=["${ input.order_id }"],
        default=None,
    )
    summary: Maybe[Title] = key(
        "Text that Temporal's UI shows instead of the step's id.", example="Ship the order", default=None
    )
    timeouts: Maybe[WorkflowTimeouts] = key(
        "Timeouts of the child, and the deadline of this step. Each key replaces the same key in the child's "
        "definition; the other keys there stay.",
        example={"deadline": "1h"},
        default=None,
    )
    retry: Maybe[RetryRef] = key(
        "How the server starts the child again after a failure. Each key replaces the same key of `retry` in the "
        "child's definition; the other keys there stay. If neither has a `retry`, the child runs once, because "
        "`defaults.retry` is for activities.",
        example={"maximum_attempts": 3},
        default=None,
    )


def get_child_workflow(action: ChildWorkflowAction) -> ChildWorkflow:
    """Get which workflow an action runs. The short form, a name, is turned into the long one."""
    child = action.child_workflow
    return ChildWorkflow.model_construct(definition=child) if isinstance(child, str) else child
