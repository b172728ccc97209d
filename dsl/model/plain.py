"""These steps call nobody."""

from dsl.model.common import DeadlineStep
from dsl.model.model import Model, key
from dsl.model.values import DurationOrExpression, Identifier, Maybe, TimeOrExpression, Title, Value


class SetStep(DeadlineStep):
    """Change variables."""

    noun = "a set step"
    kind = "set"

    set: dict[Identifier, Value] = key(
        "The variables and their new values. The variables must be declared in `vars`.",
        example={"total": "${ vars.total + 1 }"},
        min_length=1,
    )


class WaitStep(DeadlineStep):
    """Wait by a durable timer."""

    noun = "a wait step"
    kind = "wait"

    wait: DurationOrExpression = key(
        "How long to wait: a duration, or an expression that yields one.", example="30s"
    )
    summary: Maybe[Title] = key(
        "Text that Temporal's UI shows instead of the step's id.",
        example="Let it settle",
        default=None,
    )


class WaitUntilStep(DeadlineStep):
    """Wait for a point in time, by a durable timer."""

    noun = "a wait_until step"
    kind = "wait_until"

    wait_until: TimeOrExpression = key(
        "A time of RFC 3339, or an expression that yields one. If the time is past, the step does not wait.",
        example="2027-01-01T09:00:00Z",
    )
    summary: Maybe[Title] = key(
        "Text that Temporal's UI shows instead of the step's id.",
        example="Until the sale begins",
        default=None,
    )


class Raised(Model):
    """Say with which error a `raise` step fails."""

    noun = '"raise"'

    type: Value = key(
        "Type of the error, by which `catch`, `by_error` and `non_retryable_error_types` recognize it.",
        example="OutOfStock",
    )
    message: Maybe[Value] = key("What went wrong.", example="${ input.sku } is sold out", default=None)
    details: Maybe[Value] = key(
        "Any data that goes with the error.", example={"sku": "${ input.sku }"}, default=None
    )
    non_retryable: bool = key(
        "Whether the error is final: no block around the step, no retry of the workflow and no parent workflow "
        "tries again after it.",
        example=True,
        default=True,
    )


class RaiseStep(DeadlineStep):
    """Fail with an error."""

    noun = "a raise step"
    kind = "raise"

    raise_: Raised = key(
        "The error with which the step fails.",
        example={"type": "OutOfStock", "message": "Sold out"},
        alias="raise",
    )


class ReturnStep(DeadlineStep):
    """End the whole run, successfully."""

    noun = "a return step"
    kind = "return"

    return_: Value = key("The result of the run.", example={"success": True}, alias="return")
