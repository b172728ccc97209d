"""The steps: one class per action. `STEP_KINDS` is the whole set."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Tag

from dsl.model.breakers import CircuitBreakerRef
from dsl.model.children import ChildAction
from dsl.model.dead_letters import DeadLetterRef
from dsl.model.http import HttpRequest
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

CancellationType = Literal["wait", "try", "abandon"]


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
    catch: Many[CatchClause] = key(
        "What happens instead when the step has failed: the first clause that matches.",
        example=[{"errors": ["CardDeclined"], "result": {"paid": False}}],
        default=(),
        min_length=1,
    )
    finally_: Many[Step] = key(
        "Steps that run when this one is left, however it ended; a cancellation can't interrupt them.",
        example=[{"activity": "release_lock"}],
        default=(),
        min_length=1,
        alias="finally",
    )
    dead_letter: Maybe[DeadLetterRef] = key(
        "The queue that keeps an error which no clause of `catch` has taken.",
        example={"queue": "orders", "then": "continue"},
        default=None,
    )


class Bounded(Common):
    """A step that calls no activity: of the timeouts it has the deadline."""

    timeouts: Maybe[DeadlineTimeouts] = key(
        "The deadline of the step, with all its retries.", example={"deadline": "10m"}, default=None
    )


class CatchClause(Model):
    """What happens instead of a failure."""

    noun = "a catch clause"

    errors: Many[Word] = key(
        "Error types that it takes; `Any` takes all. A cancellation is never caught.",
        example=["CardDeclined", "Timeout"],
        default=("Any",),
        min_length=1,
    )
    when: Maybe[Condition] = key(
        "Expression; when it is false the clause does not take the error.",
        example="error.details.code == 402",
        default=None,
    )
    as_: Identifier = key(
        "Name of the error inside the clause.", example="declined", default="error", alias="as"
    )
    compensate: bool = key(
        "Undo first what the failed step, or the steps inside it, have done.", example=True, default=False
    )
    steps: Many[Step] = key("Steps to run.", example=[{"activity": "notify"}], default=(), min_length=1)
    result: Maybe[Result] = key(
        "Result of the caught step; without it, that of the clause's last step.",
        example={"paid": False},
        default=None,
    )


class Undoable(Model):
    """What steps can say that do something in the world."""

    noun = "a step"

    compensate: Maybe[Compensation] = key(
        "What undoes this step when the run fails or is cancelled later. Of a block: once it has completed, in "
        "place of the compensations inside it.",
        example={"activity": "undo_book_car", "args": ["${ result ?? step.key }"]},
        default=None,
    )
    pivot: bool = key(
        "Once this step has completed, nothing of the run is undone any more.", example=True, default=False
    )


class Guarded(Undoable):
    """What steps can say that call a service."""

    circuit_breaker: Maybe[CircuitBreakerRef] = key(
        "The breaker that each attempt asks for permission.",
        example={"name": "payments", "on_open": "wait"},
        default=None,
    )
    cancellation: Maybe[CancellationType] = key(
        "When the step is cancelled: `wait` until it has stopped, `try` to stop it and go on at once, or `abandon` "
        "it. Without it, `wait` where the step has a compensation or is the pivot, else `try`.",
        example="wait",
        default=None,
    )


class Call(Model):
    """How an activity is called, the built-in ones included."""

    noun = "a call of an activity"

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
        "A named policy, or a policy laid over `defaults.retry` key by key; that of a compensation stands alone.",
        example={"maximum_attempts": 3},
        default=None,
    )


class ActivityAction(Call):
    """A call of an activity of the user."""

    activity: Word = key("Name of the activity, as its worker registered it.", example="book_car")
    args: Maybe[Value] = key(
        "A list is the positional arguments; anything else is one argument.",
        example=["${ input.car_id }"],
        default=None,
    )


class HttpAction(Call):
    """A call of the built-in activity that asks an HTTP server."""

    http: HttpRequest = key(
        "The request; the result is `{status, headers, body}`.",
        example={"method": "GET", "url": "https://api.example.com/stock/${ input.sku }"},
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


class HttpCompensation(CompensationCommon, HttpAction):
    """Undo by one HTTP request."""

    noun = "a compensation by http"
    kind = "http"


class ChildCompensation(CompensationCommon, ChildAction):
    """Undo by a child workflow. Like a block it runs once, unless it has a `retry`: its steps have their own."""

    noun = "a compensation by child_workflow"
    kind = "child_workflow"


class BlockCompensation(CompensationCommon):
    """Undo by several steps."""

    noun = "a compensation by steps"
    kind = "steps"

    steps: Many[Step] = key("The steps that undo, in order.", example=[{"activity": "undo"}], min_length=1)
    retry: Maybe[RetryRef] = key(
        "How often the steps are run again after a failure; without it once, for each step has retries of its own.",
        example={"maximum_attempts": 3},
        default=None,
    )
    timeouts: Maybe[DeadlineTimeouts] = key(
        "The deadline of the whole compensation.", example={"deadline": "10m"}, default=None
    )


def _action_of_compensation(data: Any) -> str | None:
    return _first_action(data, COMPENSATION_KINDS)


class ActivityStep(ActivityAction, Guarded, Common):
    """Run an activity."""

    noun = "an activity step"
    kind = "activity"


class HttpStep(HttpAction, Guarded, Common):
    """Ask an HTTP server."""

    noun = "an http step"
    kind = "http"


class ChildStep(ChildAction, Undoable, Common):
    """Run another workflow and wait for its result."""

    noun = "a child_workflow step"
    kind = "child_workflow"

    cancellation: CancellationType = key(
        "When the step is cancelled: `wait` until the child has ended, and so has undone what it had done; `try` to "
        "cancel it and go on at once; or `abandon` it.",
        example="wait",
        default="wait",
    )


class BlockStep(Undoable, Bounded):
    """Run steps in order, as one scope."""

    noun = "a steps block"
    kind = "steps"

    steps: Many[Step] = key("The steps, in order.", example=[{"activity": "book_car"}], min_length=1)
    result: Maybe[Result] = key(
        "What the block yields instead of its last step's result.",
        example="steps.book_car.result",
        default=None,
    )
    retry: Maybe[RetryRef] = key(
        "How often the block is run again after a failure, what it had done undone before.",
        example={"maximum_attempts": 3},
        default=None,
    )


class SetStep(Bounded):
    """Change variables."""

    noun = "a set step"
    kind = "set"

    set: dict[Identifier, Value] = key(
        "Variable and new value; the variables are declared in `vars`.",
        example={"total": "${ vars.total + 1 }"},
        min_length=1,
    )


class WaitStep(Bounded):
    """Wait by a durable timer."""

    noun = "a wait step"
    kind = "wait"

    wait: DurationOrExpression = key("How long, or an expression that yields a duration.", example="30s")
    summary: Maybe[Title] = key(
        "Text for Temporal's UI instead of the step's id.",
        example="Let it settle",
        default=None,
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
        "Whether the retry policy of a block around it, of the whole workflow or of its parent must leave it alone.",
        example=True,
        default=True,
    )


class RaiseStep(Bounded):
    """Fail."""

    noun = "a raise step"
    kind = "raise"

    raise_: Raised = key("The error.", example={"type": "OutOfStock", "message": "Sold out"}, alias="raise")


class ReturnStep(Bounded):
    """End the whole run, successfully."""

    noun = "a return step"
    kind = "return"

    return_: Value = key("The result of the run.", example={"success": True}, alias="return")


STEP_KINDS: dict[str, type[Common]] = {
    "activity": ActivityStep,
    "http": HttpStep,
    "child_workflow": ChildStep,
    "steps": BlockStep,
    "set": SetStep,
    "wait": WaitStep,
    "raise": RaiseStep,
    "return": ReturnStep,
}
"""Action key → the class of its step."""

COMPENSATION_KINDS: dict[str, type[CompensationCommon]] = {
    "activity": ActivityCompensation,
    "http": HttpCompensation,
    "child_workflow": ChildCompensation,
    "steps": BlockCompensation,
}


def _first_action(data: Any, kinds: dict[str, Any]) -> str | None:
    found = [kind for kind in kinds if isinstance(data, dict) and kind in data]
    return f"kind:{found[0]}" if len(found) == 1 else None


def _action_of_step(data: Any) -> str | None:
    return _first_action(data, STEP_KINDS)


Compensation = Annotated[
    Annotated[ActivityCompensation, Tag("kind:activity")]
    | Annotated[HttpCompensation, Tag("kind:http")]
    | Annotated[ChildCompensation, Tag("kind:child_workflow")]
    | Annotated[BlockCompensation, Tag("kind:steps")],
    Discriminator(_action_of_compensation),
]
Step = Annotated[
    Annotated[ActivityStep, Tag("kind:activity")]
    | Annotated[HttpStep, Tag("kind:http")]
    | Annotated[ChildStep, Tag("kind:child_workflow")]
    | Annotated[BlockStep, Tag("kind:steps")]
    | Annotated[SetStep, Tag("kind:set")]
    | Annotated[WaitStep, Tag("kind:wait")]
    | Annotated[RaiseStep, Tag("kind:raise")]
    | Annotated[ReturnStep, Tag("kind:return")],
    Discriminator(_action_of_step),
]
"""Any step. The action key chooses the class, so a mistake inside is reported against that one class."""
