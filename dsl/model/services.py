"""These steps call a service: an activity, an HTTP server, another workflow."""

from typing import Literal

from dsl.model.breakers import CircuitBreakerRef
from dsl.model.calls import ActivityAction, HttpAction
from dsl.model.children import ChildWorkflowAction
from dsl.model.common import Common
from dsl.model.compensations import Undoable
from dsl.model.model import key
from dsl.model.values import JsonSchema, Maybe

CancellationType = Literal["wait", "try", "abandon"]


class ServiceStep(Undoable):
    """Steps that call a service in attempts of their own have these keys."""

    circuit_breaker: Maybe[CircuitBreakerRef] = key(
        "The circuit breaker that each attempt asks for permission.",
        example={"name": "payments", "on_open": "wait"},
        default=None,
    )
    cancellation: Maybe[CancellationType] = key(
        "What the run does when the step is cancelled: `wait` until it has stopped, `try` to stop it and go on at "
        "once, or `abandon` it. Without it, this is `wait` if the step has a compensation, is the pivot or stands "
        "in a compensation, and otherwise `try`.",
        example="wait",
        default=None,
    )


class ActivityStep(ActivityAction, ServiceStep, Common):
    """Run an activity."""

    noun = "an activity step"
    kind = "activity"

    local: bool = key(
        "Whether the activity runs in the worker of the workflow, without the server. That is much cheaper, but "
        "only for work that takes a moment.",
        example=True,
        default=False,
    )
    result_schema: Maybe[JsonSchema] = key(
        "JSON Schema (2020-12) of what the activity returns. If the result does not fit, the step fails with "
        "`InvalidResult`.",
        example={"type": "object", "required": ["id"]},
        default=None,
    )


class HttpStep(HttpAction, ServiceStep, Common):
    """Send a request to an HTTP server."""

    noun = "an http step"
    kind = "http"


class ChildWorkflowStep(ChildWorkflowAction, Undoable, Common):
    """Run another workflow and wait for its result."""

    noun = "a child_workflow step"
    kind = "child_workflow"

    cancellation: CancellationType = key(
        "What the run does when the step is cancelled: `wait` until the child has ended, and so has undone what it "
        "had done; `try` to cancel it and go on at once; or `abandon` it.",
        example="wait",
        default="wait",
    )
