"""The steps: one class per action. `STEP_KINDS` is the whole set."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Tag

from dsl.model.model import Model, key
from dsl.model.policies import ActivityTimeouts, DeadlineTimeouts, RetryRef
from dsl.model.values import (
    Condition,
    DurationOrExpression,
    Identifier,
    Many,
    Maybe,
    Result,
    Title,
    Value,
    Word,
)


class Common(Model):
    """The keys of every step."""

    noun = "a step"
    kind: ClassVar[str]
    """The action key."""

    id: Maybe[Identifier] = key(
        "Name of the step, unique in the definition: `steps.<id>` in expressions, the summary in "
        "Temporal's UI.",
        example="book_car",
        default=None,
    )
    when: Maybe[Condition] = key(
        "Expression; when it is false the step is skipped.", example="input.vip", default=None
    )
    description: Maybe[str] = key("A note for the reader.", example="Reserve before charging.", default=None)


class ActivityAction(Model):
    """A call of an activity: what an activity step and an activity compensation share."""

    noun = "a call of an activity"

    activity: Word = key("Name of the activity, as its worker registered it.", example="book_car")
    args: Maybe[Value] = key(
        "A list is the positional arguments; anything else is one argument.",
        example=["${ input.car_id }"],
        default=None,
    )
    task_queue: Maybe[Word] = key(
        "Task queue of the worker that runs it; without it the queue of the workflow.",
        example="payments",
        default=None,
    )
    summary: Maybe[Title] = key(
        "Text for Temporal's UI instead of the step's id.",
        example="Book the car",
        default=None,
    )
    timeouts: Maybe[ActivityTimeouts] = key(
        "Laid over `defaults.timeouts` key by key.", example={"start_to_close": "30s"}, default=None
    )
    retry: Maybe[RetryRef] = key(
        "A named policy, or a policy laid over `defaults.retry` key by key.",
        example={"maximum_attempts": 3},
        default=None,
    )


After = Literal["completed", "unknown", "attempted"]


class CompensationCommon(Model):
    """What every compensation says beside its action."""

    noun = "a compensation"
    kind: ClassVar[str]

    after: After = key(
        "Compensate after which outcome of the step: `completed` only; also when it is `unknown` "
        "(timeout, cancel, lost worker); or whenever it was `attempted`.",
        example="unknown",
        default="unknown",
    )


class ActivityCompensation(CompensationCommon, ActivityAction):
    """Undo by one activity. Its retries are its own, else `saga.retry`, else Temporal's default."""

    noun = "a compensation by an activity"
    kind = "activity"


class BlockCompensation(CompensationCommon):
    """Undo by several steps."""

    noun = "a compensation by steps"
    kind = "steps"

    steps: Many[Step] = key("The steps that undo, in order.", example=[{"activity": "undo"}], min_length=1)
    timeouts: Maybe[DeadlineTimeouts] = key(
        "The deadline of the whole compensation.", example={"deadline": "10m"}, default=None
    )


def _action_of_compensation(data: Any) -> str | None:
    return _first_action(data, COMPENSATION_KINDS)


class ActivityStep(Common, ActivityAction):
    """Run an activity."""

    noun = "an activity step"
    kind = "activity"

    compensate: Maybe[Compensation] = key(
        "What undoes this step when the run fails or is cancelled later.",
        example={"activity": "undo_book_car", "args": ["${ result ?? step.key }"]},
        default=None,
    )


class BlockStep(Common):
    """Run steps in order, as one scope."""

    noun = "a steps block"
    kind = "steps"

    steps: Many[Step] = key("The steps, in order.", example=[{"activity": "book_car"}], min_length=1)
    result: Maybe[Result] = key(
        "What the block yields instead of its last step's result.",
        example="steps.book_car.result",
        default=None,
    )
    timeouts: Maybe[DeadlineTimeouts] = key(
        "The deadline of the whole block.", example={"deadline": "10m"}, default=None
    )
    compensate: Maybe[Compensation] = key(
        "What undoes the block once it has completed, in place of the compensations inside it.",
        example={"activity": "cancel_trip", "args": ["${ result }"]},
        default=None,
    )


class SetStep(Common):
    """Change variables."""

    noun = "a set step"
    kind = "set"

    set: dict[Identifier, Value] = key(
        "Variable and new value; the variables are declared in `vars`.",
        example={"total": "${ vars.total + 1 }"},
        min_length=1,
    )


class WaitStep(Common):
    """Wait by a durable timer."""

    noun = "a wait step"
    kind = "wait"

    wait: DurationOrExpression = key("How long, or an expression that yields a duration.", example="30s")
    summary: Maybe[Title] = key(
        "Text for Temporal's UI instead of the step's id.",
        example="Let it settle",
        default=None,
    )
    timeouts: Maybe[DeadlineTimeouts] = key(
        "The deadline of the wait.", example={"deadline": "10m"}, default=None
    )


class Raised(Model):
    """The error of a `raise` step."""

    noun = '"raise"'

    type: Value = key("Type of the error: what `non_retryable_error_types` matches.", example="OutOfStock")
    message: Maybe[Value] = key("What went wrong.", example="${ input.sku } is sold out", default=None)
    details: Maybe[Value] = key(
        "Any data that goes with the error.", example={"sku": "${ input.sku }"}, default=None
    )
    non_retryable: bool = key(
        "Whether a retry policy of the whole workflow must leave it alone.", example=True, default=True
    )


class RaiseStep(Common):
    """Fail."""

    noun = "a raise step"
    kind = "raise"

    raise_: Raised = key("The error.", example={"type": "OutOfStock", "message": "Sold out"}, alias="raise")


class ReturnStep(Common):
    """End the whole run, successfully."""

    noun = "a return step"
    kind = "return"

    return_: Value = key("The result of the run.", example={"success": True}, alias="return")


STEP_KINDS: dict[str, type[Common]] = {
    "activity": ActivityStep,
    "steps": BlockStep,
    "set": SetStep,
    "wait": WaitStep,
    "raise": RaiseStep,
    "return": ReturnStep,
}
"""Action key → the class of its step."""

COMPENSATION_KINDS: dict[str, type[CompensationCommon]] = {
    "activity": ActivityCompensation,
    "steps": BlockCompensation,
}


def _first_action(data: Any, kinds: dict[str, Any]) -> str | None:
    found = [kind for kind in kinds if isinstance(data, dict) and kind in data]
    return f"kind:{found[0]}" if len(found) == 1 else None


def _action_of_step(data: Any) -> str | None:
    return _first_action(data, STEP_KINDS)


Compensation = Annotated[
    Annotated[ActivityCompensation, Tag("kind:activity")] | Annotated[BlockCompensation, Tag("kind:steps")],
    Discriminator(_action_of_compensation),
]
Step = Annotated[
    Annotated[ActivityStep, Tag("kind:activity")]
    | Annotated[BlockStep, Tag("kind:steps")]
    | Annotated[SetStep, Tag("kind:set")]
    | Annotated[WaitStep, Tag("kind:wait")]
    | Annotated[RaiseStep, Tag("kind:raise")]
    | Annotated[ReturnStep, Tag("kind:return")],
    Discriminator(_action_of_step),
]
"""Any step. The action key chooses the class, so a mistake inside is reported against that one class."""
